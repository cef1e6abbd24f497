package main

import (
	"bufio"
	"net"
	"time"
)

// schedule says when a worker sends; every = 0 is a closed loop.
type schedule struct {
	start, end time.Time
	every      time.Duration
}

// worker owns one connection.
type worker struct {
	connection net.Conn
	reader     *bufio.Reader
	request    []byte
	// Microseconds of each answered request.
	latencies []uint32
	// Answers by status; 0 = the connection failed.
	statuses  map[int]int
	byteCount int64
	// The body of the last 200.
	sample []byte
}

func newWorker(target string, request []byte) (*worker, error) {
	connection, err := net.DialTimeout("tcp", target, 5*time.Second)
	if err != nil {
		return nil, err
	}
	return &worker{
		connection: connection,
		reader:     bufio.NewReaderSize(connection, 64<<10),
		request:    request,
		latencies:  make([]uint32, 0, 1<<16),
		statuses:   map[int]int{},
	}, nil
}

func (w *worker) run(schedule schedule) {
	defer w.connection.Close()
	// An answer that never comes ends the run instead of hanging it.
	if err := w.connection.SetDeadline(schedule.end.Add(10 * time.Second)); err != nil {
		w.statuses[0]++
		return
	}
	due := schedule.start
	for {
		now := time.Now()
		if schedule.every == 0 {
			due = now
		} else if wait := due.Sub(now); wait > 0 {
			time.Sleep(wait)
		}
		if !due.Before(schedule.end) || !now.Before(schedule.end) {
			return
		}
		if _, err := w.connection.Write(w.request); err != nil {
			w.statuses[0]++
			return
		}
		answer, err := readResponse(w.reader, w.sample[:0])
		if err != nil {
			w.statuses[0]++
			return
		}
		w.statuses[answer.status]++
		w.byteCount += int64(answer.byteCount)
		w.sample = answer.body
		w.latencies = append(w.latencies, uint32(time.Since(due).Microseconds()))
		if answer.close {
			w.statuses[0]++
			return
		}
		due = due.Add(schedule.every)
	}
}
