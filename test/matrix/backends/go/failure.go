package main

import (
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	"protogate/matrix/api"
)

func newStatus(code codes.Code, message string) *status.Status {
	return status.New(code, message)
}

func failure(request *api.FailRequest) error {
	result := newStatus(codes.Code(request.GetCode()), request.GetMessage()).Proto()
	attach := func(message proto.Message) {
		detail, err := anypb.New(message)
		if err == nil {
			result.Details = append(result.Details, detail)
		}
	}
	if request.GetWithDetails() {
		attach(&errdetails.ErrorInfo{
			Reason: "ASKED_FOR", Domain: "matrix.test", Metadata: map[string]string{"backend": "go"},
		})
		attach(&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: "code", Description: "was asked for"},
		}})
		attach(&api.Item{Name: "shelves/1/items/2", Count: unsafeInteger})
		result.Details = append(result.Details, &anypb.Any{
			TypeUrl: "type.googleapis.com/matrix.unknown.Thing", Value: []byte{0x08, 0x01},
		})
	}
	if request.GetRetryAfterMs() > 0 {
		attach(&errdetails.RetryInfo{
			RetryDelay: durationpb.New(time.Duration(request.GetRetryAfterMs()) * time.Millisecond),
		})
	}
	return status.FromProto(result).Err()
}
