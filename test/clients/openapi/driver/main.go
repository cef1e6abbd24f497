// Command driver asks the gateway through clients that go-swagger generated from the OpenAPI documents of
// protoc-gen-openapiv2: `driver 127.0.0.1:8080`. It prints one JSON line for each fact: what, and what failed.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/go-openapi/strfmt"

	childrenclient "protogate/clients/openapi/children/client"
	"protogate/clients/openapi/children/client/child_service"
	childrenmodels "protogate/clients/openapi/children/models"
	matrixclient "protogate/clients/openapi/matrix/client"
	"protogate/clients/openapi/matrix/client/matrix_service"
	"protogate/clients/openapi/matrix/models"
)

type driver struct {
	matrix   matrix_service.ClientService
	children child_service.ClientService
}

func main() {
	config := matrixclient.DefaultTransportConfig().WithHost(os.Args[1]).WithSchemes([]string{"http"})
	childrenConfig := childrenclient.DefaultTransportConfig().WithHost(os.Args[1]).WithSchemes([]string{"http"})
	d := driver{
		matrix:   matrixclient.NewHTTPClientWithConfig(strfmt.Default, config).MatrixService,
		children: childrenclient.NewHTTPClientWithConfig(strfmt.Default, childrenConfig).ChildService,
	}
	check("a GET binds path and query, with 64-bit integers as texts in the query too", d.getItem)
	check("a GET without a query gets the reply's defaults printed", d.printedDefaults)
	check("a POST of a body field beside path and query", d.createItem)
	check("a POST of the whole message to a verb", d.createWhole)
	check("a PATCH without a mask has one inferred from its body", d.inferredMask)
	check("a PATCH of the whole message keeps its own mask", d.ownMask)
	check("a PUT beside the PATCH gets no mask", d.put)
	check("an error is the operation's default response, its Status with details", d.failure)
	check("an error's status is HTTP's", d.failureStatus)
	check("a server stream's first line is read as {result}", d.watch)
	check("a stream that fails before its first message is an error", d.failedWatch)
	check("a client stream of one message", d.importItems)
	check("a call that takes some time", d.slow)
	check("metadata arrives in the message, entries with printed defaults", d.header)
	check("an argument that does not parse is 400", d.badArgument)
}

func check(what string, run func() error) {
	line := map[string]string{"what": what}
	if err := caught(run); err != nil {
		line["error"] = err.Error()
	}
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}

// caught makes an error of a panic: the facts after it are to be checked too.
func caught(run func() error) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("panic: %v", reason)
		}
	}()
	return run()
}

func equal(actual, expected any) error {
	if reflect.DeepEqual(actual, expected) {
		return nil
	}
	return fmt.Errorf("%#v is not %#v", actual, expected)
}

func pointer[T any](value T) *T {
	return &value
}

func (d driver) getItem() error {
	params := matrix_service.NewMatrixServiceGetItemParams()
	params.Shelve, params.Item = "1", "a b"
	params.View, params.Tags, params.FilterCount = pointer("FULL"), []string{"x&y", "ä"}, pointer("9223372036854775807")
	reply, err := d.matrix.MatrixServiceGetItem(params)
	if err != nil {
		return err
	}
	item := reply.Payload
	created, _ := time.Parse(time.RFC3339, "2024-01-02T03:04:05Z")
	return errors.Join(
		equal(item.Name, "shelves/1/items/a b"),
		equal(item.Count, "9223372036854775807"),
		equal(*item.View, models.V1View("FULL")),
		equal(item.Tags, []string{"x&y", "ä"}),
		equal(item.Data, strfmt.Base64{0xfb, 0xff, 0x00}),
		equal(time.Time(item.Created).Unix(), created.Unix()),
		equal(item.Labels, map[string]string{"kind": "test"}),
	)
}

func (d driver) printedDefaults() error {
	params := matrix_service.NewMatrixServiceGetItemParams()
	params.Shelve, params.Item = "1", "2"
	reply, err := d.matrix.MatrixServiceGetItem(params)
	if err != nil {
		return err
	}
	if reply.Payload.View == nil {
		return errors.New("an enum of number 0 was not printed")
	}
	return errors.Join(
		equal(*reply.Payload.View, models.V1View("VIEW_UNSPECIFIED")),
		equal(reply.Payload.Tags, []string{}),
	)
}

func (d driver) createItem() error {
	params := matrix_service.NewMatrixServiceCreateItemParams()
	params.Shelve, params.ItemID = "s", pointer("new")
	params.Item = &models.V1Item{Count: "-5", Weight: 0.5, Data: strfmt.Base64{0, 255}, Labels: map[string]string{"a": "b"}}
	reply, err := d.matrix.MatrixServiceCreateItem(params)
	if err != nil {
		return err
	}
	return errors.Join(
		equal(reply.Payload.Name, "shelves/s/items/new"),
		equal(reply.Payload.Count, "-5"),
		equal(reply.Payload.Weight, 0.5),
		equal(reply.Payload.Data, strfmt.Base64{0, 255}),
	)
}

func (d driver) createWhole() error {
	params := matrix_service.NewMatrixServiceCreateItem2Params()
	params.Body = &models.V1CreateItemRequest{
		Parent: "shelves/2", ItemID: "w", Item: &models.V1Item{Tags: []string{"t"}},
	}
	reply, err := d.matrix.MatrixServiceCreateItem2(params)
	if err != nil {
		return err
	}
	return errors.Join(equal(reply.Payload.Name, "shelves/2/items/w"), equal(reply.Payload.Tags, []string{"t"}))
}

func (d driver) inferredMask() error {
	params := child_service.NewChildServiceUpdateChildParams()
	params.Children = "1"
	params.Child.DisplayName, params.Child.Size = "d", "7"
	reply, err := d.children.ChildServiceUpdateChild(params)
	if err != nil {
		return err
	}
	return errors.Join(
		equal(reply.Payload.Child.Name, "children/1"),
		equal(reply.Payload.Child.DisplayName, "d"),
		// go-swagger's model puts an empty list and a zero time into the body, so they are in the mask too.
		equal(strings.Contains(reply.Payload.UpdateMask, "displayName"), true),
		equal(strings.Contains(reply.Payload.UpdateMask, "size"), true),
		equal(strings.Contains(reply.Payload.UpdateMask, "inner"), false),
	)
}

func (d driver) ownMask() error {
	params := child_service.NewChildServiceUpdateChild2Params()
	params.ChildName = "1"
	params.Body = &childrenmodels.ChildServiceUpdateChildBody{
		Child: &childrenmodels.ChildServiceUpdateChildBodyChild{Size: "7"}, UpdateMask: "displayName",
	}
	reply, err := d.children.ChildServiceUpdateChild2(params)
	if err != nil {
		return err
	}
	return errors.Join(equal(reply.Payload.Child.Name, "1"), equal(reply.Payload.UpdateMask, "displayName"))
}

func (d driver) put() error {
	params := child_service.NewChildServiceUpdateChild3Params()
	params.Children, params.AllowMissing = "1", pointer(true)
	params.Child.Size = "7"
	reply, err := d.children.ChildServiceUpdateChild3(params)
	if err != nil {
		return err
	}
	return errors.Join(equal(reply.Payload.AllowMissing, true), equal(reply.Payload.UpdateMask, ""))
}

func (d driver) fail(code int32) (*matrix_service.MatrixServiceFailDefault, error) {
	params := matrix_service.NewMatrixServiceFailParams()
	// No other details: grpc-gateway cannot print a Status with one of a type that it does not know.
	params.Code, params.Message, params.RetryAfterMs = code, pointer("näh"), pointer("1500")
	_, err := d.matrix.MatrixServiceFail(params)
	var failure *matrix_service.MatrixServiceFailDefault
	if !errors.As(err, &failure) {
		return nil, fmt.Errorf("not the default response but %v", err)
	}
	return failure, nil
}

func (d driver) failure() error {
	failure, err := d.fail(9)
	if err != nil {
		return err
	}
	status := failure.Payload
	if len(status.Details) != 1 {
		return fmt.Errorf("%d details", len(status.Details))
	}
	return errors.Join(
		equal(status.Code, int32(9)),
		equal(status.Message, "näh"),
		equal(status.Details[0].AtType, "type.googleapis.com/google.rpc.RetryInfo"),
		equal(status.Details[0].ProtobufAnyAdditionalProperties["retryDelay"], any("1.500s")),
	)
}

func (d driver) failureStatus() error {
	for code, status := range map[int32]int{3: 400, 5: 404, 7: 403, 10: 409, 12: 501, 14: 503, 16: 401} {
		failure, err := d.fail(code)
		if err != nil {
			return err
		}
		if failure.Code() != status {
			return fmt.Errorf("code %d is %d", code, failure.Code())
		}
	}
	return nil
}

func (d driver) watch() error {
	params := matrix_service.NewMatrixServiceWatchItemsParams()
	params.Shelve, params.Count = "1", pointer(int32(3))
	reply, err := d.matrix.MatrixServiceWatchItems(params)
	if err != nil {
		return err
	}
	return equal(reply.Payload.Result.Name, "shelves/1/items/1")
}

func (d driver) failedWatch() error {
	params := matrix_service.NewMatrixServiceWatchItemsParams()
	params.Shelve, params.Count, params.FailCode = "1", pointer(int32(-1)), pointer(int32(5))
	reply, err := d.matrix.MatrixServiceWatchItems(params)
	var failure *matrix_service.MatrixServiceWatchItemsDefault
	if errors.As(err, &failure) {
		return equal(failure.Code(), 404)
	}
	if err != nil || reply.Payload.Error == nil {
		return fmt.Errorf("no error in %v, %v", reply, err)
	}
	// The backend had sent its header, so a gateway may have answered 200 before the error came.
	return equal(reply.Payload.Error.Code, int32(5))
}

func (d driver) importItems() error {
	params := matrix_service.NewMatrixServiceImportItemsParams()
	params.Body = &models.V1ImportItemsRequest{Item: &models.V1Item{Name: "one"}}
	reply, err := d.matrix.MatrixServiceImportItems(params)
	if err != nil {
		return err
	}
	return errors.Join(equal(reply.Payload.Count, int32(1)), equal(reply.Payload.Names, []string{"one"}))
}

func (d driver) slow() error {
	params := matrix_service.NewMatrixServiceSlowParams()
	params.ID, params.DurationMs = "openapi", pointer("20")
	reply, err := d.matrix.MatrixServiceSlow(params)
	if err != nil {
		return err
	}
	return equal(*reply.Payload.State, models.CallStateState("RUNNING"))
}

func (d driver) header() error {
	reply, err := d.matrix.MatrixServiceEchoHeader(matrix_service.NewMatrixServiceEchoHeaderParams())
	if err != nil {
		return err
	}
	for _, entry := range reply.Payload.Entries {
		if entry.Key == "grpcgateway-accept" {
			return equal(entry.Text, "application/json")
		}
	}
	return errors.New("Accept did not arrive as grpcgateway-accept")
}

func (d driver) badArgument() error {
	params := matrix_service.NewMatrixServiceGetItemParams()
	params.Shelve, params.Item, params.FilterCount = "1", "2", pointer("many")
	_, err := d.matrix.MatrixServiceGetItem(params)
	var failure *matrix_service.MatrixServiceGetItemDefault
	if !errors.As(err, &failure) {
		return fmt.Errorf("not the default response but %v", err)
	}
	return errors.Join(equal(failure.Code(), 400), equal(failure.Payload.Code, int32(3)))
}
