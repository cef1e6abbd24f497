package main

import (
	"slices"
	"strconv"
	"time"
)

// summary is what bench/load-generator.ts reads.
type summary struct {
	RequestCount int            `json:"requestCount"`
	Statuses     map[string]int `json:"statuses"`
	Seconds      float64        `json:"seconds"`
	ByteCount    int64          `json:"byteCount"`
	P50Us        uint32         `json:"p50Us"`
	P99Us        uint32         `json:"p99Us"`
	MaxUs        uint32         `json:"maxUs"`
	Sample       string         `json:"sample"`
}

func summarize(workers []*worker, elapsed time.Duration) summary {
	result := summary{Statuses: map[string]int{}, Seconds: elapsed.Seconds()}
	var latencies []uint32
	for _, worker := range workers {
		latencies = append(latencies, worker.latencies...)
		for status, count := range worker.statuses {
			result.Statuses[strconv.Itoa(status)] += count
		}
		result.ByteCount += worker.byteCount
		if len(worker.sample) > 0 {
			result.Sample = string(worker.sample)
		}
	}
	slices.Sort(latencies)
	result.RequestCount = len(latencies)
	if len(latencies) > 0 {
		at := func(share float64) uint32 { return latencies[int(share*float64(len(latencies)-1))] }
		result.P50Us, result.P99Us, result.MaxUs = at(0.5), at(0.99), latencies[len(latencies)-1]
	}
	return result
}
