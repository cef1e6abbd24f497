// Command grpc-gateway-peer is grpc-gateway as its documentation sets it up, before the two backends of the
// comparison: `grpc-gateway-peer --matrix 127.0.0.1:50051 --parity 127.0.0.1:50052 --port 0`.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	// Registers the types of error details, which grpc-gateway cannot print otherwise.
	_ "google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	matrix "protogate/clients/grpc-gateway-peer/matrix"
	"protogate/clients/grpc-gateway-peer/parity"
)

func main() {
	matrixBackend := flag.String("matrix", "", "host:port of the matrix backend")
	parityBackend := flag.String("parity", "", "host:port of the parity backend")
	port := flag.Int("port", 0, "port on 127.0.0.1, 0 = any free one")
	flag.Parse()

	ctx := context.Background()
	// Since 2.33 Grpc-Metadata- is off by default; the clients that people have were written for the releases before.
	mux := runtime.NewServeMux(runtime.WithLegacyHeaderMatching())
	options := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	if err := matrix.RegisterMatrixServiceHandlerFromEndpoint(ctx, mux, *matrixBackend, options); err != nil {
		log.Fatal(err)
	}
	if err := parity.RegisterParityServiceHandlerFromEndpoint(ctx, mux, *parityBackend, options); err != nil {
		log.Fatal(err)
	}
	if err := parity.RegisterChildServiceHandlerFromEndpoint(ctx, mux, *parityBackend, options); err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, mux))
}
