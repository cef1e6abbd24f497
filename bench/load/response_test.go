package main

import (
	"bufio"
	"strings"
	"testing"
)

func TestReadResponse(t *testing.T) {
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n"
	for _, row := range []struct {
		title, text string
		status      int
		body        string
		close, bad  bool
	}{
		{"by length", "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", 404, "no", false, false},
		{"chunked with trailer", chunked, 200, "abcde", false, false},
		{"closing", "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", 200, "", true, false},
		{"without a length", "HTTP/1.1 200 OK\r\n\r\n", 200, "", false, true},
		{"cut short", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort", 200, "", false, true},
		{"another protocol", "SSH-2.0-OpenSSH_9.2\r\n", 0, "", false, true},
		{"a length that is none", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", 200, "", false, true},
	} {
		t.Run(row.title, func(t *testing.T) {
			answer, err := readResponse(bufio.NewReader(strings.NewReader(row.text)), nil)
			if row.bad {
				if err == nil {
					t.Fatal("was read")
				}
				return
			}
			if err != nil || answer.status != row.status || string(answer.body) != row.body || answer.close != row.close {
				t.Fatalf("got %+v, %v", answer, err)
			}
		})
	}
}
