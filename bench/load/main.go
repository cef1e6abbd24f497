// Command load drives one HTTP/1.1 address with one request over N kept-alive connections and prints what it saw as
// JSON. Without -rate each connection sends as soon as it has its answer (closed loop); with -rate requests have a
// schedule, and latency counts from when a request was due, so a server that stalls cannot hide it.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"net"
	"os"
	"strconv"
	"sync"
	"time"
)

func main() {
	target := flag.String("target", "", "host:port on loopback")
	httpMethod := flag.String("method", "GET", "HTTP method")
	path := flag.String("path", "/", "path and query, sent as it is")
	body := flag.String("body", "", "body; with content-type application/json")
	connectionCount := flag.Int("connections", 32, "connections")
	duration := flag.Duration("duration", 3*time.Second, "how long to send")
	rate := flag.Float64("rate", 0, "requests a second over all connections; 0 = closed loop")
	flag.Parse()

	host, _, err := net.SplitHostPort(*target)
	if err != nil {
		log.Fatal(err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		log.Fatalf("%s is not an address of loopback", *target)
	}

	request := []byte(*httpMethod + " " + *path + " HTTP/1.1\r\nhost: " + *target + "\r\n")
	if *body != "" {
		length := strconv.Itoa(len(*body))
		request = append(request, "content-type: application/json\r\ncontent-length: "+length+"\r\n"...)
	}
	request = append(append(request, "\r\n"...), *body...)

	workers := make([]*worker, *connectionCount)
	for index := range workers {
		workers[index], err = newWorker(*target, request)
		if err != nil {
			log.Fatal(err)
		}
	}
	start := time.Now()
	var running sync.WaitGroup
	for index, each := range workers {
		schedule := schedule{start: start, end: start.Add(*duration)}
		if *rate > 0 {
			schedule.every = time.Duration(float64(*connectionCount) / *rate * float64(time.Second))
			// The connections take turns.
			schedule.start = start.Add(schedule.every * time.Duration(index) / time.Duration(*connectionCount))
		}
		running.Go(func() { each.run(schedule) })
	}
	running.Wait()
	if err := json.NewEncoder(os.Stdout).Encode(summarize(workers, time.Since(start))); err != nil {
		log.Fatal(err)
	}
}
