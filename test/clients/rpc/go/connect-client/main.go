// Calls the demo library with connect-go: `connect-client URL PROTOCOL HTTP CODEC COMPRESSION`, for instance
// `http://127.0.0.1:8080 connect 1.1 proto gzip`.
package main

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/types/known/durationpb"

	. "protogate/clients/rpc/facts"
	"protogate/clients/rpc/library"
	"protogate/clients/rpc/library/libraryconnect"
)

// What the HTTP client saw: the versions and encodings of replies, the methods of requests.
type recorder struct {
	next      http.RoundTripper
	mutex     sync.Mutex
	versions  map[string]bool
	encodings map[string]bool
	methods   []string
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.next.RoundTrip(request)
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.methods = append(r.methods, request.Method)
	if err == nil {
		r.versions[response.Proto] = true
		for _, name := range []string{"Content-Encoding", "Connect-Content-Encoding", "Grpc-Encoding"} {
			if value := response.Header.Get(name); value != "" {
				r.encodings[value] = true
			}
		}
	}
	return response, err
}

func httpClient(version string) (*http.Client, *recorder) {
	protocols := new(http.Protocols)
	switch version {
	case "1.1":
		protocols.SetHTTP1(true)
	case "2":
		protocols.SetUnencryptedHTTP2(true)
		protocols.SetHTTP2(true)
	}
	transport := &http.Transport{
		Protocols:       protocols,
		DialContext:     (&net.Dialer{}).DialContext,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}
	seen := &recorder{next: transport, versions: map[string]bool{}, encodings: map[string]bool{}}
	return &http.Client{Transport: seen}, seen
}

var fast = durationpb.New(10 * time.Millisecond)

const binary = "\x00\xff\x01"

func main() {
	url, protocol, version, codec, compression := os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]
	var options []connect.ClientOption
	switch protocol {
	case "grpc":
		options = append(options, connect.WithGRPC())
	case "grpc-web":
		options = append(options, connect.WithGRPCWeb())
	}
	if codec == "json" {
		options = append(options, connect.WithProtoJSON())
	}
	if compression == "gzip" {
		options = append(options, connect.WithSendGzip())
	} else {
		options = append(options, connect.WithAcceptCompression("gzip", nil, nil))
	}
	transport, seen := httpClient(version)
	client := libraryconnect.NewLibraryClient(transport, url, options...)
	ctx := context.Background()

	Check("a unary call is answered, with every digit of a 64-bit number", func() {
		book := Must(client.GetBook(ctx, connect.NewRequest(&library.GetBookRequest{Name: "shelves/7/books/9"})))
		Equal(book.Msg.Name, "shelves/7/books/9")
		Equal(book.Msg.AccessionNumber > 1<<53, true)
	})

	Check("metadata of a unary call goes both ways as header and trailer, binary too", func() {
		request := connect.NewRequest(&library.InspectRequest{})
		mark(request.Header())
		reply := Must(client.Inspect(ctx, request))
		checkMarks(reply.Header(), reply.Trailer())
		var mine []string
		for _, entry := range reply.Msg.Metadata {
			if strings.HasPrefix(entry.Key, "x-mine") {
				mine = append(mine, entry.Key+": "+entry.Value)
			}
		}
		// The backend, a grpc-js server, joins the two, as Node does with headers of HTTP/2.
		Equal(mine, []string{"x-mine: one, two", "x-mine-bin: " + base64.StdEncoding.EncodeToString([]byte(binary))})
	})

	Check("metadata of a server stream comes as header and trailer", func() {
		request := connect.NewRequest(&library.WatchArrivalsRequest{Limit: 2, Interval: fast})
		mark(request.Header())
		stream := Must(client.WatchArrivals(ctx, request))
		for stream.Receive() {
		}
		Equal(stream.Err(), nil)
		checkMarks(stream.ResponseHeader(), stream.ResponseTrailer())
	})

	Check("an error has code, text, details and metadata", func() {
		request := connect.NewRequest(&library.CreateBookRequest{Parent: "shelves/1", Book: &library.Book{Rating: 9}})
		request.Header().Set("Echo-Trail-X", "tail")
		_, err := client.CreateBook(ctx, request)
		failure := failureOf(err)
		Equal(failure.Code(), connect.CodeInvalidArgument)
		Equal(failure.Meta().Get("Echo-Trail-X"), "tail")
		fields := map[string]bool{}
		for _, violation := range detailOf[*errdetails.BadRequest](failure).FieldViolations {
			fields[violation.Field] = true
		}
		Equal(fields, map[string]bool{"book.title": true, "book.rating": true})
	})

	Check("each of the sixteen codes arrives with text and ten details", func() {
		for number := int32(1); number <= 16; number++ {
			_, err := client.Inspect(ctx, connect.NewRequest(&library.InspectRequest{FailWith: code.Code(number)}))
			failure := failureOf(err)
			Equal(int32(failure.Code()), number)
			Equal(failure.Message(), code.Code(number).String()+", as you asked")
			Equal(len(failure.Details()), 10)
			Equal(detailOf[*errdetails.RetryInfo](failure).RetryDelay.AsDuration(), 1500*time.Millisecond)
		}
	})

	Check("a server stream arrives in order and ends", func() {
		stream := Must(client.WatchArrivals(ctx, connect.NewRequest(&library.WatchArrivalsRequest{Limit: 5, Interval: fast})))
		count := int64(0)
		for stream.Receive() {
			count++
			Equal(stream.Msg().Sequence, count)
		}
		Equal(stream.Err(), nil)
		Equal(count, int64(5))
	})

	Check("an error in the middle of a stream comes after its messages, with details", func() {
		stream := Must(client.WatchArrivals(ctx, connect.NewRequest(&library.WatchArrivalsRequest{FailAfter: 2, Interval: fast})))
		count := 0
		for stream.Receive() {
			count++
		}
		Equal(count, 2)
		failure := failureOf(stream.Err())
		Equal(failure.Code(), connect.CodeDataLoss)
		Equal(detailOf[*errdetails.ErrorInfo](failure).Reason, "FAIL_AFTER")
	})

	Check("a file of megabytes arrives whole", func() {
		stream := Must(client.DownloadBook(ctx, connect.NewRequest(&library.DownloadBookRequest{Name: "shelves/1/books/1", MinBytes: 3_000_000})))
		size := 0
		for stream.Receive() {
			size += len(stream.Msg().Data)
		}
		Equal(stream.Err(), nil)
		Equal(size >= 3_000_000, true)
	})

	state := func(tag string, should string) {
		Eventually(func() {
			reply := Must(client.Inspect(ctx, connect.NewRequest(&library.InspectRequest{Path: "calls/" + tag})))
			Equal(reply.Msg.Path, should)
		})
	}

	Check("the backend knows the deadline, and one that passes ends the call here and there", func() {
		long, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		left := Must(client.Inspect(long, connect.NewRequest(&library.InspectRequest{}))).Msg.TimeLeft.AsDuration()
		Equal(left > 30*time.Second && left <= time.Minute, true)
		short, cancelShort := context.WithTimeout(ctx, 400*time.Millisecond)
		defer cancelShort()
		tag := Tag("deadline")
		request := connect.NewRequest(&library.InspectRequest{Delay: durationpb.New(time.Minute)})
		request.Header().Set("Call-Tag", tag)
		_, err := client.Inspect(short, request)
		Equal(failureOf(err).Code(), connect.CodeDeadlineExceeded)
		state(tag, "cancelled")
	})

	Check("a stream that is cancelled is so at the backend", func() {
		cancellable, cancel := context.WithCancel(ctx)
		tag := Tag("cancel")
		request := connect.NewRequest(&library.WatchArrivalsRequest{Interval: durationpb.New(time.Hour)})
		request.Header().Set("Call-Tag", tag)
		stream := Must(client.WatchArrivals(cancellable, request))
		Equal(stream.Receive(), true)
		cancel()
		Equal(stream.Receive(), false)
		Equal(failureOf(stream.Err()).Code(), connect.CodeCanceled)
		state(tag, "cancelled")
	})

	Check("a client stream is answered once", func() {
		stream := client.ImportBooks(ctx)
		for _, book := range []*library.Book{{Title: "One"}, {}, {Title: "Two"}} {
			if err := stream.Send(&library.ImportBooksRequest{Parent: "shelves/6", Book: book}); err != nil {
				panic(err)
			}
		}
		reply := Must(stream.CloseAndReceive()).Msg
		Equal([]int32{int32(reply.ImportedCount), int32(reply.FailedCount), int32(reply.Failures[0].Index)}, []int32{2, 1, 1})
	})

	if version == "2" {
		Check("a bidi stream is a talk: each word is answered before the next is said", func() {
			stream := client.Chat(ctx)
			for index, word := range []string{"hello", "something by Verne", "bye"} {
				if err := stream.Send(&library.ChatRequest{Content: &library.ChatRequest_Text{Text: word}}); err != nil {
					panic(err)
				}
				Equal(Must(stream.Receive()).Sequence, int64(index+1))
			}
			if err := stream.CloseRequest(); err != nil {
				panic(err)
			}
			_, err := stream.Receive()
			Equal(errors.Is(err, io.EOF), true)
			stream.CloseResponse()
		})
	} else {
		Check("connect-go itself refuses a bidi stream over HTTP/1.1", func() {
			stream := client.Chat(ctx)
			stream.CloseRequest()
			_, err := stream.Receive()
			Equal(connect.CodeOf(err), connect.CodeUnimplemented)
			Equal(strings.Contains(failureOf(err).Message(), "require at least HTTP/2"), true)
			stream.CloseResponse()
		})
	}

	Check("replies came over the version of HTTP that was asked for, compressed where that was accepted", func() {
		name := map[string]string{"1.1": "HTTP/1.1", "2": "HTTP/2.0"}[version]
		Equal(seen.versions, map[string]bool{name: true})
		delete(seen.encodings, "identity")
		Equal(seen.encodings["gzip"], compression == "gzip")
	})

	if protocol == "connect" {
		Check("what has no side effects is asked by GET", func() {
			getting := libraryconnect.NewLibraryClient(transport, url, append(options, connect.WithHTTPGet())...)
			seen.methods = nil
			Must(getting.GetBook(ctx, connect.NewRequest(&library.GetBookRequest{Name: "shelves/7/books/9"})))
			Must(getting.Inspect(ctx, connect.NewRequest(&library.InspectRequest{})))
			Equal(seen.methods, []string{"GET", "POST"})
		})
	}
}

func mark(header http.Header) {
	header.Add("X-Mine", "one")
	header.Add("X-Mine", "two")
	header.Set("X-Mine-Bin", connect.EncodeBinaryHeader([]byte(binary)))
	header.Set("Echo-Head-X", "head")
	header.Set("Echo-Head-X-Bin", connect.EncodeBinaryHeader([]byte(binary)))
	header.Set("Echo-Trail-X", "tail")
	header.Set("Echo-Trail-X-Bin", connect.EncodeBinaryHeader([]byte(binary)))
}

func checkMarks(header, trailer http.Header) {
	Equal(header.Get("Echo-Head-X"), "head")
	Equal(string(Must(connect.DecodeBinaryHeader(header.Get("Echo-Head-X-Bin")))), binary)
	Equal(trailer.Get("Echo-Trail-X"), "tail")
	Equal(string(Must(connect.DecodeBinaryHeader(trailer.Get("Echo-Trail-X-Bin")))), binary)
}

func failureOf(err error) *connect.Error {
	var failure *connect.Error
	if !errors.As(err, &failure) {
		panic(fmt.Sprintf("expected an error of connect, got %v", err))
	}
	return failure
}

func detailOf[T any](failure *connect.Error) T {
	for _, detail := range failure.Details() {
		if message, err := detail.Value(); err == nil {
			if typed, ok := message.(T); ok {
				return typed
			}
		}
	}
	panic("no such detail")
}
