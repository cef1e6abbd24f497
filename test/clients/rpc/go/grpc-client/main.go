// Calls the demo library with grpc-go: `grpc-client HOST:PORT [tls]`.
package main

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"io"
	"os"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	_ "google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/durationpb"

	. "protogate/clients/rpc/facts"
	"protogate/clients/rpc/library"
)

const service = "demo.library.v1.Library"

// Retries as people configure them, and client-side health checking of the library.
const serviceConfig = `{
  "loadBalancingConfig": [{"round_robin": {}}],
  "healthCheckConfig": {"serviceName": "` + service + `"},
  "methodConfig": [{
    "name": [{"service": "` + service + `", "method": "Inspect"}],
    "retryPolicy": {
      "maxAttempts": 4, "initialBackoff": "0.01s", "maxBackoff": "0.1s", "backoffMultiplier": 2,
      "retryableStatusCodes": ["UNAVAILABLE"]
    }
  }]
}`

var fast = durationpb.New(10 * time.Millisecond)

const binary = "\x00\xff\x01"

func main() {
	transport := insecure.NewCredentials()
	if len(os.Args) > 2 {
		transport = credentials.NewTLS(&tls.Config{InsecureSkipVerify: true})
	}
	connection := Must(grpc.NewClient(os.Args[1],
		grpc.WithTransportCredentials(transport),
		grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 5 * time.Second, PermitWithoutStream: true}),
	))
	defer connection.Close()
	client := library.NewLibraryClient(connection)
	ctx := context.Background()

	Check("the channel becomes ready, and by the gateway's health service it says that the library serves", func() {
		bounded, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		connection.Connect()
		for state := connection.GetState(); state != connectivity.Ready; state = connection.GetState() {
			if !connection.WaitForStateChange(bounded, state) {
				panic("still " + state.String())
			}
		}
	})

	Check("health: Check, Watch and an unknown service", func() {
		health := grpc_health_v1.NewHealthClient(connection)
		Equal(Must(health.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: service})).Status, grpc_health_v1.HealthCheckResponse_SERVING)
		_, err := health.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: "no.such.Service"})
		Equal(status.Code(err), codes.NotFound)
		watching, cancel := context.WithCancel(ctx)
		defer cancel()
		stream := Must(health.Watch(watching, &grpc_health_v1.HealthCheckRequest{Service: "no.such.Service"}))
		Equal(Must(stream.Recv()).Status, grpc_health_v1.HealthCheckResponse_SERVICE_UNKNOWN)
	})

	Check("a channel whose library is unknown to health does not become ready", func() {
		bounded, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		other := Must(grpc.NewClient(os.Args[1],
			grpc.WithTransportCredentials(transport),
			grpc.WithDefaultServiceConfig(strings.ReplaceAll(serviceConfig, `"serviceName": "`+service, `"serviceName": "no.such.Service`)),
		))
		defer other.Close()
		_, err := library.NewLibraryClient(other).GetShelf(bounded, &library.GetShelfRequest{Name: "shelves/1"}, grpc.WaitForReady(true))
		Equal(status.Code(err), codes.DeadlineExceeded)
		Equal(other.GetState() == connectivity.Ready, false)
	})

	Check("reflection lists the services and hands out the library's file", func() {
		stream := Must(grpc_reflection_v1.NewServerReflectionClient(connection).ServerReflectionInfo(ctx))
		stream.Send(&grpc_reflection_v1.ServerReflectionRequest{MessageRequest: &grpc_reflection_v1.ServerReflectionRequest_ListServices{}})
		names := map[string]bool{}
		for _, listed := range Must(stream.Recv()).GetListServicesResponse().Service {
			names[listed.Name] = true
		}
		Equal(names[service] && names["grpc.health.v1.Health"], true)
		stream.Send(&grpc_reflection_v1.ServerReflectionRequest{
			MessageRequest: &grpc_reflection_v1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: service},
		})
		var files []string
		for _, bytes := range Must(stream.Recv()).GetFileDescriptorResponse().FileDescriptorProto {
			file := &descriptorpb.FileDescriptorProto{}
			if err := proto.Unmarshal(bytes, file); err != nil {
				panic(err)
			}
			files = append(files, file.GetName())
		}
		Equal(strings.Contains(strings.Join(files, " "), "library.proto"), true)
		stream.CloseSend()
		_, err := stream.Recv()
		Equal(err, io.EOF)
	})

	for _, compressed := range []bool{false, true} {
		var options []grpc.CallOption
		how := ""
		if compressed {
			options = append(options, grpc.UseCompressor(gzip.Name))
			how = ", by gzip"
		}

		Check("a unary call is answered, with metadata both ways"+how, func() {
			outgoing := metadata.NewOutgoingContext(ctx, marks())
			var header, trailer metadata.MD
			reply := Must(client.Inspect(outgoing, &library.InspectRequest{}, append(options, grpc.Header(&header), grpc.Trailer(&trailer))...))
			checkMarks(header, trailer)
			var mine []string
			for _, entry := range reply.Metadata {
				if strings.HasPrefix(entry.Key, "x-mine") {
					mine = append(mine, entry.Key+": "+entry.Value)
				}
			}
			// The backend, a grpc-js server, joins the two, as Node does with headers of HTTP/2.
		Equal(mine, []string{"x-mine: one, two", "x-mine-bin: " + base64.StdEncoding.EncodeToString([]byte(binary))})
		})

		Check("a server stream arrives in order, with metadata, and ends"+how, func() {
			stream := Must(client.WatchArrivals(metadata.NewOutgoingContext(ctx, marks()), &library.WatchArrivalsRequest{Limit: 5, Interval: fast}, options...))
			header := Must(stream.Header())
			for count := int64(1); count <= 5; count++ {
				Equal(Must(stream.Recv()).Sequence, count)
			}
			_, err := stream.Recv()
			Equal(err, io.EOF)
			checkMarks(header, stream.Trailer())
		})

		Check("a file of megabytes arrives whole"+how, func() {
			stream := Must(client.DownloadBook(ctx, &library.DownloadBookRequest{Name: "shelves/1/books/1", MinBytes: 3_000_000}, options...))
			size := 0
			for piece, err := stream.Recv(); err == nil; piece, err = stream.Recv() {
				size += len(piece.Data)
			}
			Equal(size >= 3_000_000, true)
		})

		Check("a client stream is answered once"+how, func() {
			stream := Must(client.ImportBooks(ctx, options...))
			for _, book := range []*library.Book{{Title: "One"}, {}, {Title: "Two"}} {
				if err := stream.Send(&library.ImportBooksRequest{Parent: "shelves/6", Book: book}); err != nil {
					panic(err)
				}
			}
			reply := Must(stream.CloseAndRecv())
			Equal([]int32{int32(reply.ImportedCount), int32(reply.FailedCount), int32(reply.Failures[0].Index)}, []int32{2, 1, 1})
		})

		Check("a bidi stream is a talk: each word is answered before the next is said"+how, func() {
			stream := Must(client.Chat(ctx, options...))
			for index, word := range []string{"hello", "something by Verne", "bye"} {
				if err := stream.Send(&library.ChatRequest{Content: &library.ChatRequest_Text{Text: word}}); err != nil {
					panic(err)
				}
				Equal(Must(stream.Recv()).Sequence, int64(index+1))
			}
			_, err := stream.Recv()
			Equal(err, io.EOF)
		})
	}

	Check("an error has code, text, details and trailer", func() {
		var trailer metadata.MD
		outgoing := metadata.AppendToOutgoingContext(ctx, "echo-trail-x", "tail")
		_, err := client.CreateBook(outgoing, &library.CreateBookRequest{Parent: "shelves/1", Book: &library.Book{Rating: 9}}, grpc.Trailer(&trailer))
		Equal(status.Code(err), codes.InvalidArgument)
		Equal(trailer.Get("echo-trail-x"), []string{"tail"})
		fields := map[string]bool{}
		for _, violation := range status.Convert(err).Details()[0].(*errdetails.BadRequest).FieldViolations {
			fields[violation.Field] = true
		}
		Equal(fields, map[string]bool{"book.title": true, "book.rating": true})
	})

	Check("each of the sixteen codes arrives with text and ten details", func() {
		for number := int32(1); number <= 16; number++ {
			// Inspect retries UNAVAILABLE, and says so in the end.
			_, err := client.Inspect(ctx, &library.InspectRequest{FailWith: code.Code(number)})
			failure := status.Convert(err)
			Equal(int32(failure.Code()), number)
			Equal(strings.HasSuffix(failure.Message(), code.Code(number).String()+", as you asked"), true)
			Equal(len(failure.Details()), 10)
		}
	})

	Check("an error in the middle of a stream comes after its messages, with details", func() {
		stream := Must(client.WatchArrivals(ctx, &library.WatchArrivalsRequest{FailAfter: 2, Interval: fast}))
		Must(stream.Recv())
		Must(stream.Recv())
		_, err := stream.Recv()
		Equal(status.Code(err), codes.DataLoss)
		Equal(status.Convert(err).Details()[0].(*errdetails.ErrorInfo).Reason, "FAIL_AFTER")
	})

	Check("a method that there is not is UNIMPLEMENTED", func() {
		err := connection.Invoke(ctx, "/"+service+"/Nothing", &library.GetShelfRequest{}, &library.Shelf{})
		Equal(status.Code(err), codes.Unimplemented)
	})

	Check("retries by service config reach the backend, which tells them apart", func() {
		outgoing := metadata.AppendToOutgoingContext(ctx, "call-tag", Tag("retry"), "fail-first", "2")
		reply := Must(client.Inspect(outgoing, &library.InspectRequest{}))
		var attempts []string
		for _, entry := range reply.Metadata {
			if entry.Key == "grpc-previous-rpc-attempts" {
				attempts = append(attempts, entry.Value)
			}
		}
		Equal(attempts, []string{"2"})
	})

	state := func(tag string, should string) {
		Eventually(func() {
			Equal(Must(client.Inspect(ctx, &library.InspectRequest{Path: "calls/" + tag})).Path, should)
		})
	}

	Check("the backend knows the deadline, and one that passes ends the call here and there", func() {
		long, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		left := Must(client.Inspect(long, &library.InspectRequest{})).TimeLeft.AsDuration()
		Equal(left > 30*time.Second && left <= time.Minute, true)
		tag := Tag("deadline")
		short, cancelShort := context.WithTimeout(metadata.AppendToOutgoingContext(ctx, "call-tag", tag), 400*time.Millisecond)
		defer cancelShort()
		_, err := client.Inspect(short, &library.InspectRequest{Delay: durationpb.New(time.Minute)})
		Equal(status.Code(err), codes.DeadlineExceeded)
		state(tag, "cancelled")
	})

	Check("a stream that is cancelled is so at the backend", func() {
		tag := Tag("cancel")
		cancellable, cancel := context.WithCancel(metadata.AppendToOutgoingContext(ctx, "call-tag", tag))
		stream := Must(client.WatchArrivals(cancellable, &library.WatchArrivalsRequest{Interval: durationpb.New(time.Hour)}))
		Must(stream.Recv())
		cancel()
		_, err := stream.Recv()
		Equal(status.Code(err), codes.Canceled)
		state(tag, "cancelled")
	})

	if len(os.Args) > 2 {
		return
	}
	Check("keepalive pings are answered while nothing else happens", func() {
		// grpc-go pings after ten seconds at the earliest, and gives up five later: once is enough to wait for.
		idle := Must(client.WatchArrivals(ctx, &library.WatchArrivalsRequest{CreatedOnly: true, Limit: 1}))
		Must(idle.Header())
		time.Sleep(16 * time.Second)
		Must(client.CreateBook(ctx, &library.CreateBookRequest{Parent: "shelves/2", Book: &library.Book{Title: "After a while"}}))
		Equal(Must(idle.Recv()).Book.Title, "After a while")
	})
}

func marks() metadata.MD {
	return metadata.Pairs(
		"x-mine", "one", "x-mine", "two", "x-mine-bin", binary,
		"echo-head-x", "head", "echo-head-x-bin", binary, "echo-trail-x", "tail", "echo-trail-x-bin", binary,
	)
}

func checkMarks(header, trailer metadata.MD) {
	Equal(header.Get("echo-head-x"), []string{"head"})
	Equal(header.Get("echo-head-x-bin"), []string{binary})
	Equal(trailer.Get("echo-trail-x"), []string{"tail"})
	Equal(trailer.Get("echo-trail-x-bin"), []string{binary})
}
