package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
)

type response struct {
	status    int
	byteCount int
	body      []byte
	// The server will send nothing more on this connection.
	close bool
}

var errMalformed = errors.New("not an HTTP/1.1 response that this client reads")

// readResponse reads one response, its body into the space of buffer. It knows content-length and chunked, and
// allocates nothing where the buffer is large enough: the load must not be what is measured.
func readResponse(reader *bufio.Reader, buffer []byte) (response, error) {
	answer := response{body: buffer}
	line, err := readLine(reader, &answer)
	if err != nil {
		return answer, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return answer, errMalformed
	}
	answer.status = int(line[9]-'0')*100 + int(line[10]-'0')*10 + int(line[11]-'0')

	length, chunked := -1, false
	for {
		line, err = readLine(reader, &answer)
		if err != nil {
			return answer, err
		}
		if len(line) == 0 {
			break
		}
		name, value, found := bytes.Cut(line, []byte(":"))
		if !found {
			return answer, errMalformed
		}
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("content-length")):
			if length, err = parseCount(value, 10); err != nil {
				return answer, err
			}
		case bytes.EqualFold(name, []byte("transfer-encoding")):
			chunked = bytes.EqualFold(value, []byte("chunked"))
		case bytes.EqualFold(name, []byte("connection")):
			answer.close = bytes.EqualFold(value, []byte("close"))
		}
	}
	switch {
	case chunked:
		return answer, readChunks(reader, &answer)
	case length >= 0:
		return answer, readBytes(reader, &answer, length)
	default:
		return answer, errMalformed
	}
}

func readChunks(reader *bufio.Reader, answer *response) error {
	for {
		line, err := readLine(reader, answer)
		if err != nil {
			return err
		}
		size, _, _ := bytes.Cut(line, []byte(";"))
		length, err := parseCount(size, 16)
		if err != nil {
			return err
		}
		if length > 0 {
			if err := readBytes(reader, answer, length); err != nil {
				return err
			}
			if _, err := readLine(reader, answer); err != nil {
				return err
			}
			continue
		}
		// The trailer, up to the empty line.
		for {
			line, err := readLine(reader, answer)
			if err != nil || len(line) == 0 {
				return err
			}
		}
	}
}

func readLine(reader *bufio.Reader, answer *response) ([]byte, error) {
	line, err := reader.ReadSlice('\n')
	answer.byteCount += len(line)
	return bytes.TrimRight(line, "\r\n"), err
}

func readBytes(reader *bufio.Reader, answer *response, length int) error {
	start := len(answer.body)
	if cap(answer.body)-start < length {
		answer.body = append(make([]byte, 0, 2*(start+length)), answer.body...)
	}
	answer.body = answer.body[:start+length]
	answer.byteCount += length
	_, err := io.ReadFull(reader, answer.body[start:])
	return err
}

func parseCount(text []byte, base int) (int, error) {
	count, err := strconv.ParseUint(string(text), base, 31)
	return int(count), err
}
