// Command backend serves parity.v1 by grpc-go with reflection: `backend --port 0`. Each method answers
// with its request.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc"
	"google.golang.org/grpc/reflection"
	"google.golang.org/protobuf/types/known/emptypb"

	"protogate/clients/grpc-gateway-peer/parity"
)

type parityServer struct {
	parity.UnimplementedParityServiceServer
}

func (parityServer) Query(_ context.Context, thing *parity.Thing) (*parity.Thing, error) {
	return thing, nil
}

func (parityServer) Path(_ context.Context, thing *parity.Thing) (*parity.Thing, error) {
	return thing, nil
}

func (parityServer) Literal(_ context.Context, thing *parity.Thing) (*parity.Thing, error) {
	thing.Renamed = "the literal's method"
	return thing, nil
}

func (parityServer) Body(_ context.Context, thing *parity.Thing) (*parity.Thing, error) {
	return thing, nil
}

func (parityServer) PickChild(_ context.Context, thing *parity.Thing) (*parity.Thing, error) {
	return thing, nil
}

type childServer struct {
	parity.UnimplementedChildServiceServer
}

func (childServer) UpdateChild(
	_ context.Context, request *parity.UpdateChildRequest,
) (*parity.UpdateChildRequest, error) {
	return request, nil
}

func (parityServer) Nothing(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (parityServer) Raw(_ context.Context, request *parity.RawRequest) (*httpbody.HttpBody, error) {
	data := append([]byte(request.GetName()+": "), request.GetRaw().GetData()...)
	return &httpbody.HttpBody{ContentType: "text/x-parity", Data: data}, nil
}

func (parityServer) RawPieces(_ *parity.RawRequest, stream grpc.ServerStreamingServer[httpbody.HttpBody]) error {
	for _, piece := range []string{"one", "two", "three"} {
		if err := stream.Send(&httpbody.HttpBody{ContentType: "text/x-parity", Data: []byte(piece)}); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	port := flag.Int("port", 0, "port on 127.0.0.1, 0 = any free one")
	flag.Parse()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	parity.RegisterParityServiceServer(server, parityServer{})
	parity.RegisterChildServiceServer(server, childServer{})
	reflection.Register(server)
	fmt.Printf("listening on %s\n", listener.Addr())
	log.Fatal(server.Serve(listener))
}
