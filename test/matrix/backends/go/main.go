// Command backend is the grpc-go backend of the matrix: `backend --port 0 --api matrix`. The schema version is the
// build's, from which api/ is generated, because two versions of one file cannot live in one Go program.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/reflection"

	"protogate/matrix/api"
)

func main() {
	port := flag.Int("port", 0, "port on 127.0.0.1, 0 = any free one")
	served := flag.String("api", "matrix", "matrix or ticker")
	flag.Parse()

	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	switch *served {
	case "matrix":
		api.RegisterMatrixServiceServer(server, &matrixServer{states: newCallStates()})
	case "ticker":
		api.RegisterTickerServiceServer(server, &tickerServer{})
	default:
		log.Fatalf("no api %q", *served)
	}
	reflection.Register(server)

	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		server.Stop()
	}()
	fmt.Printf("listening on %s\n", listener.Addr())
	if err := server.Serve(listener); err != nil {
		log.Fatal(err)
	}
}
