// Package facts checks what a client sees and prints each fact as a line of JSON, for run-checks.ts.
package facts

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"time"
)

// Check runs one check, which panics where a fact does not hold, and prints what became of it.
func Check(what string, check func()) {
	line := map[string]string{"what": what}
	func() {
		defer func() {
			if reason := recover(); reason != nil {
				line["error"] = fmt.Sprint(reason)
			}
		}()
		check()
	}()
	json.NewEncoder(os.Stdout).Encode(line)
}

// Equal panics with both where they differ.
func Equal(is, should any) {
	if !reflect.DeepEqual(is, should) {
		panic(fmt.Sprintf("expected %#v, got %#v", should, is))
	}
}

// Must returns the value of a call that succeeds.
func Must[T any](value T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("expected success, got %v", err))
	}
	return value
}

// Eventually tries again until it does not panic, for ten seconds.
func Eventually(check func()) {
	end := time.Now().Add(10 * time.Second)
	for {
		failure := func() (reason any) {
			defer func() { reason = recover() }()
			check()
			return nil
		}()
		if failure == nil {
			return
		}
		if time.Now().After(end) {
			panic(failure)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Tag is a name for a call that the backend can be asked after.
func Tag(what string) string {
	return fmt.Sprintf("%s-%d", what, rand.Uint64())
}
