package main

import (
	"google.golang.org/grpc"

	"protogate/matrix/api"
)

type tickerServer struct {
	api.UnimplementedTickerServiceServer
}

func (s *tickerServer) Watch(request *api.WatchRequest, stream grpc.ServerStreamingServer[api.Tick]) error {
	for number := int64(1); ; number++ {
		if err := stream.Send(&api.Tick{Number: number}); err != nil {
			return err
		}
		if err := sleep(stream.Context(), max(request.GetIntervalMs(), 1)); err != nil {
			return err
		}
	}
}
