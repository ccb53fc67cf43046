// Command oracle says what Go's encoding/json and Kubernetes' own label selectors make of inputs, so that the policy
// crate can be held against them. It is built and run by the Rust test beside it.
//
//	oracle actions    each input is the text of an action annotation
//	oracle labels     each input is {"selector": [["key", "value"], …], "labels": [["key", "value"], …]}
//
// Inputs come on standard input, each preceded by its length as 4 bytes, little endian. Answers go to standard output, one
// line of JSON for each input.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

func main() {
	answers := map[string]func([]byte) (any, error){
		"actions": answerAction,
		"labels":  answerLabels,
	}
	if len(os.Args) != 2 || answers[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: oracle actions|labels")
		os.Exit(2)
	}
	if err := serve(os.Stdin, os.Stdout, answers[os.Args[1]]); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

func serve(in io.Reader, out io.Writer, answer func([]byte) (any, error)) error {
	inputs := bufio.NewReader(in)
	lines := bufio.NewWriter(out)
	encoder := json.NewEncoder(lines)
	for {
		var length uint32
		if err := binary.Read(inputs, binary.LittleEndian, &length); errors.Is(err, io.EOF) {
			return lines.Flush()
		} else if err != nil {
			return err
		}
		input := make([]byte, length)
		if _, err := io.ReadFull(inputs, input); err != nil {
			return err
		}
		line, err := answer(input)
		if err != nil {
			return err
		}
		if err := encoder.Encode(line); err != nil {
			return err
		}
	}
}
