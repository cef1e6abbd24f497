package main

import (
	"context"
	"sync"
	"time"

	"protogate/matrix/api"
)

// callStates remembers what became of the calls that gave an id.
type callStates struct {
	mutex  sync.Mutex
	states map[string]*api.CallState
}

func newCallStates() *callStates {
	return &callStates{states: map[string]*api.CallState{}}
}

// begin notes that a call runs. The function that it returns notes how it ended; an empty id is not remembered.
func (c *callStates) begin(ctx context.Context, id string) func() {
	if id == "" {
		return func() {}
	}
	remainingMs := int64(-1)
	if deadline, ok := ctx.Deadline(); ok {
		remainingMs = time.Until(deadline).Milliseconds()
	}
	set := func(state api.CallState_State) {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		c.states[id] = &api.CallState{State: state, RemainingMs: remainingMs}
	}
	set(api.CallState_RUNNING)
	return func() {
		if ctx.Err() != nil {
			set(api.CallState_CANCELLED)
		} else {
			set(api.CallState_DONE)
		}
	}
}

func (c *callStates) get(id string) *api.CallState {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if state, ok := c.states[id]; ok {
		return state
	}
	return &api.CallState{}
}
