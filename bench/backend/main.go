// Command backend is the grpc-go server that every gateway of the benchmark stands before: `backend --port 0`. It does
// as little as it can, so that the machine is left to the gateways.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"protogate/bench/backend/api"
)

type benchServer struct {
	api.UnimplementedBenchServiceServer
}

var published = timestamppb.New(time.Date(2008, 8, 1, 0, 0, 0, 0, time.UTC))

func (benchServer) GetBook(_ context.Context, request *api.GetBookRequest) (*api.Book, error) {
	return &api.Book{
		Name:      request.GetName(),
		Title:     "The Go-Between and Other Gateways",
		Author:    "L. P. Hartley",
		PageCount: 464,
		Isbn:      9780132350884,
		Price:     39.95,
		Available: true,
		Tags:      []string{request.GetView().String(), request.GetLanguage(), "classic"},
		Published: published,
	}, nil
}

func (benchServer) CreateBook(_ context.Context, request *api.CreateBookRequest) (*api.Book, error) {
	book := request.GetBook()
	if book == nil {
		book = &api.Book{}
	}
	book.Name = request.GetParent() + "/books/1"
	return book, nil
}

func main() {
	port := flag.Int("port", 0, "port on 127.0.0.1, 0 = any free one")
	flag.Parse()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	api.RegisterBenchServiceServer(server, benchServer{})
	fmt.Printf("listening on %s\n", listener.Addr())
	log.Fatal(server.Serve(listener))
}
