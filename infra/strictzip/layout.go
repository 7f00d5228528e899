package strictzip

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// Sizes of the parts of a zip that say how long the others are, in bytes.
const (
	endSize        = 22
	entrySize      = 46 // in the directory, before its name
	headerSize     = 30 // before a file, before its name
	descriptorSize = 16 // after a file that was written as a stream
)

const streamed = 8 // flag: the descriptor after the file says its size

// checkLayout makes sure that the files that the directory names fill the zip from its beginning to the directory, in its
// order, and that each is called there what it is called here: other readers of zips, which go by what stands before each
// file, find nothing else.
func checkLayout(from io.ReaderAt, offset, size int64) error {
	directory := make([]byte, size)
	if _, err := from.ReadAt(directory, offset); err != nil {
		return fmt.Errorf("reading the directory of a zip: %w", err)
	}
	next := int64(0)
	for len(directory) > 0 {
		entry, rest, err := nextEntry(directory)
		if err != nil {
			return err
		}
		directory = rest
		if entry.offset != next {
			return unsound("something is beside %.100q", entry.name)
		}
		if next, err = entry.end(from, offset); err != nil {
			return err
		}
	}
	if next != offset {
		return unsound("something is between the files and the directory")
	}
	return nil
}

// entry is a file as the directory tells it.
type entry struct {
	name   []byte
	flags  uint16
	method uint16
	sums   []byte // CRC-32, size in the zip, size unpacked: four bytes each
	packed int64
	offset int64
}

func nextEntry(directory []byte) (e entry, rest []byte, err error) {
	if len(directory) < entrySize || !bytes.HasPrefix(directory, []byte("PK\x01\x02")) {
		return e, nil, unsound("its directory is damaged")
	}
	name := int(binary.LittleEndian.Uint16(directory[28:]))
	end := entrySize + name + int(binary.LittleEndian.Uint16(directory[30:]))
	if comment := binary.LittleEndian.Uint16(directory[32:]); comment != 0 || end > len(directory) {
		return e, nil, unsound("its directory is damaged, or has comments")
	}
	return entry{
		name:   directory[entrySize : entrySize+name],
		flags:  binary.LittleEndian.Uint16(directory[8:]),
		method: binary.LittleEndian.Uint16(directory[10:]),
		sums:   directory[16:28],
		packed: int64(binary.LittleEndian.Uint32(directory[20:])),
		offset: int64(binary.LittleEndian.Uint32(directory[42:])),
	}, directory[end:], nil
}

// end is where the file ends in the zip, at most at a limit.
func (e *entry) end(from io.ReaderAt, limit int64) (int64, error) {
	wrong := func() (int64, error) { return 0, unsound("%.100q is not as the directory says", e.name) }
	header := make([]byte, headerSize+len(e.name))
	if e.offset+int64(len(header)) > limit {
		return wrong()
	}
	if _, err := from.ReadAt(header, e.offset); err != nil {
		return 0, fmt.Errorf("reading a zip: %w", err)
	}
	if !bytes.HasPrefix(header, []byte("PK\x03\x04")) || !bytes.Equal(header[headerSize:], e.name) ||
		binary.LittleEndian.Uint16(header[6:]) != e.flags || binary.LittleEndian.Uint16(header[8:]) != e.method ||
		int(binary.LittleEndian.Uint16(header[26:])) != len(e.name) {
		return wrong()
	}
	end := e.offset + int64(len(header)) + int64(binary.LittleEndian.Uint16(header[28:])) + e.packed
	if e.flags&streamed == 0 {
		if !bytes.Equal(header[14:26], e.sums) {
			return wrong()
		}
		return end, nil
	}
	if end+descriptorSize > limit {
		return wrong()
	}
	var descriptor [descriptorSize]byte
	if _, err := from.ReadAt(descriptor[:], end); err != nil {
		return 0, fmt.Errorf("reading a zip: %w", err)
	}
	if !bytes.Equal(descriptor[:], append([]byte("PK\x07\x08"), e.sums...)) {
		return wrong()
	}
	return end + descriptorSize, nil
}
