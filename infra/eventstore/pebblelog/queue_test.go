package pebblelog

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func waitingRequests(t *testing.T, q *queue, sizes ...int) []*request {
	t.Helper()
	list := make([]*request, len(sizes))
	for i, size := range sizes {
		list[i] = &request{stream: "thing-1", size: size, reply: make(chan reply, 1)}
		if err := q.put(list[i]); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func sizesOf(group []*request) []int {
	sizes := make([]int, len(group))
	for i, r := range group {
		sizes[i] = r.size
	}
	return sizes
}

func TestAGroupEndsAtItsLimits(t *testing.T) {
	q := newQueue()
	waitingRequests(t, q, 1, 2, 3, 100, 4, 5)
	var groups [][]int
	for group := q.take(3, 50); group != nil; group = q.take(3, 50) {
		groups = append(groups, sizesOf(group))
	}
	if diff := cmp.Diff([][]int{{1, 2, 3}, {100}, {4, 5}}, groups); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
}

func TestARefusalReachesWaitingAndTakenRequestsButNotSettledOnes(t *testing.T) {
	q, trouble := newQueue(), errors.New("trouble")
	all := waitingRequests(t, q, 1, 2, 3)
	q.take(1, 50)
	q.take(1, 50)
	q.settle()
	q.refuse(trouble)
	if err := q.put(&request{}); !errors.Is(err, trouble) {
		t.Errorf("another request: %v", err)
	}
	for i, answered := range []bool{false, true, true} {
		select {
		case answer := <-all[i].reply:
			if !answered || !errors.Is(answer.err, trouble) || answer.settled {
				t.Errorf("request %d got %+v", i, answer)
			}
		default:
			if answered {
				t.Errorf("request %d got no answer", i)
			}
		}
	}
	q.refuse(nil)
	waitingRequests(t, q, 4)
	if diff := cmp.Diff([]int{4}, sizesOf(q.take(10, 50))); diff != "" {
		t.Errorf("group after the trouble (-want +got):\n%s", diff)
	}
}

func TestAnEndedQueueRefusesForGoodAndLeavesTakenRequestsAlone(t *testing.T) {
	q := newQueue()
	all := waitingRequests(t, q, 1, 2)
	q.take(1, 50)
	q.end(errClosed)
	q.refuse(nil)
	if err := q.put(&request{}); !errors.Is(err, errClosed) {
		t.Errorf("another request: %v", err)
	}
	if got := []int{len(all[0].reply), len(all[1].reply)}; !cmp.Equal(got, []int{0, 1}) {
		t.Errorf("answers of the requests: %v", got)
	}
}
