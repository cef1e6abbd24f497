package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"protogate/matrix/api"
)

// unsafeInteger is 2^53 + 1, the first integer that a JSON number loses.
const unsafeInteger = 1<<53 + 1

type matrixServer struct {
	api.UnimplementedMatrixServiceServer
	states *callStates
}

func (s *matrixServer) GetItem(_ context.Context, request *api.GetItemRequest) (*api.Item, error) {
	item := newItem(request.GetName())
	item.View = request.GetView()
	item.Tags = request.GetTags()
	if count := request.GetFilter().GetCount(); count != 0 {
		item.Count = count
	}
	return item, nil
}

// ArchiveItem is a method of schema v2; in v1 nothing registers it.
func (s *matrixServer) ArchiveItem(ctx context.Context, request *api.GetItemRequest) (*api.Item, error) {
	item, err := s.GetItem(ctx, request)
	if err != nil {
		return nil, err
	}
	message := item.ProtoReflect()
	message.Set(message.Descriptor().Fields().ByName("archived"), protoreflect.ValueOfBool(true))
	return item, nil
}

func (s *matrixServer) CreateItem(_ context.Context, request *api.CreateItemRequest) (*api.Item, error) {
	item := request.GetItem()
	if item == nil {
		item = &api.Item{}
	}
	item.Name = request.GetParent() + "/items/" + request.GetItemId()
	return item, nil
}

func (s *matrixServer) Fail(_ context.Context, request *api.FailRequest) (*api.Item, error) {
	return nil, failure(request)
}

func (s *matrixServer) EchoHeader(ctx context.Context, _ *api.EchoHeaderRequest) (*api.EchoHeaderReply, error) {
	received, _ := metadata.FromIncomingContext(ctx)
	keys := make([]string, 0, len(received))
	for key := range received {
		keys = append(keys, key)
	}
	sort.Strings(keys)

	reply := &api.EchoHeaderReply{}
	header, trailer := metadata.MD{}, metadata.MD{}
	for _, key := range keys {
		for _, value := range received[key] {
			entry := &api.HeaderEntry{Key: key}
			if strings.HasSuffix(key, "-bin") {
				entry.Binary = []byte(value)
			} else {
				entry.Text = value
			}
			reply.Entries = append(reply.Entries, entry)
		}
		if strings.HasPrefix(key, "x-echo-") {
			header[key] = received[key]
		}
		if strings.HasPrefix(key, "x-trail-") {
			trailer[key] = received[key]
		}
	}
	if err := grpc.SetHeader(ctx, header); err != nil {
		return nil, err
	}
	return reply, grpc.SetTrailer(ctx, trailer)
}

func (s *matrixServer) Slow(ctx context.Context, request *api.SlowRequest) (*api.CallState, error) {
	end := s.states.begin(ctx, request.GetId())
	defer end()
	if err := sleep(ctx, request.GetDurationMs()); err != nil {
		return nil, err
	}
	return s.states.get(request.GetId()), nil
}

func (s *matrixServer) GetCallState(_ context.Context, request *api.GetCallStateRequest) (*api.CallState, error) {
	return s.states.get(request.GetId()), nil
}

func (s *matrixServer) WatchItems(request *api.WatchItemsRequest, stream grpc.ServerStreamingServer[api.Item]) error {
	end := s.states.begin(stream.Context(), request.GetId())
	defer end()
	// The header leaves before the first item, as any slow stream's should.
	if err := stream.SendHeader(metadata.MD{}); err != nil {
		return err
	}
	for number := int32(1); request.GetCount() == 0 || number <= request.GetCount(); number++ {
		if err := sleep(stream.Context(), request.GetIntervalMs()); err != nil {
			return err
		}
		if err := stream.Send(newItem(fmt.Sprintf("%s/items/%d", request.GetParent(), number))); err != nil {
			return err
		}
	}
	if request.GetFailCode() != 0 {
		return failure(&api.FailRequest{Code: request.GetFailCode(), Message: "the stream failed", WithDetails: true})
	}
	return nil
}

func (s *matrixServer) ImportItems(stream grpc.ClientStreamingServer[api.ImportItemsRequest, api.ImportItemsReply]) error {
	reply := &api.ImportItemsReply{}
	for {
		request, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(reply)
		}
		if err != nil {
			return err
		}
		reply.Count++
		reply.Names = append(reply.Names, request.GetItem().GetName())
	}
}

func (s *matrixServer) Chat(stream grpc.BidiStreamingServer[api.ChatMessage, api.ChatMessage]) error {
	for {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(&api.ChatMessage{Text: "re: " + message.GetText()}); err != nil {
			return err
		}
	}
}

func newItem(name string) *api.Item {
	return &api.Item{
		Name:    name,
		Count:   unsafeInteger,
		Created: timestamppb.New(time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)),
		Weight:  1.5,
		Labels:  map[string]string{"kind": "test"},
		Data:    []byte{0xfb, 0xff, 0x00},
	}
}

// sleep returns early, with the status of its context, where the caller is gone or out of time.
func sleep(ctx context.Context, durationMs int64) error {
	if durationMs <= 0 {
		return nil
	}
	timer := time.NewTimer(time.Duration(durationMs) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return newStatus(codes.DeadlineExceeded, "out of time").Err()
		}
		return newStatus(codes.Canceled, "the caller is gone").Err()
	}
}
