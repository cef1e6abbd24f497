// Command grpc-gateway is grpc-gateway as its documentation sets it up, with its defaults: `grpc-gateway --backend
// 127.0.0.1:50051 --port 0`.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	gateway "protogate/bench/peers/grpc-gateway/gateway"
)

func main() {
	backend := flag.String("backend", "", "host:port of the gRPC backend")
	port := flag.Int("port", 0, "port on 127.0.0.1, 0 = any free one")
	flag.Parse()

	mux := runtime.NewServeMux()
	options := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	if err := gateway.RegisterBenchServiceHandlerFromEndpoint(context.Background(), mux, *backend, options); err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, mux))
}
