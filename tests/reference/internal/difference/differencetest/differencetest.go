// Package differencetest reads values for tests.
package differencetest

import (
	"testing"

	"portolan/reference/internal/difference"
)

// Decode reads JSON as [difference.Decode] does, or fails the test.
func Decode(t *testing.T, text string) any {
	t.Helper()
	value, err := difference.Decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return value
}
