package readapi

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/service"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/servicecatalogue"
)

// numbered are n services, in the order of their ids.
func numbered(n int) []*offer {
	list := make([]*offer, n)
	for i := range list {
		list[i] = &offer{ID: "service-" + strconv.Itoa(i), Service: servicecatalogue.Service{Published: true}}
	}
	return list
}

// TestPagesAreTheWholeList: page after page, every service comes once, in order; another question's cursor is refused.
func TestPagesAreTheWholeList(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		found := numbered(rapid.IntRange(0, 50).Draw(t, "services"))
		in := &servicesInput{Category: rapid.String().Draw(t, "category"), Query: rapid.String().Draw(t, "query")}
		in.Limit = rapid.IntRange(1, 20).Draw(t, "limit")
		got := []string{}
		for {
			from, err := placeAfter(found, in)
			if err != nil {
				t.Fatal(err)
			}
			to := min(from+in.Limit, len(found))
			got = append(got, ids(found[from:to])...)
			if to == len(found) {
				break
			}
			in.After = cursor(in, found[to-1].ID)
		}
		if diff := cmp.Diff(ids(found), got); diff != "" {
			t.Fatalf("pages (-list +pages):\n%s", diff)
		}
		if in.After == "" {
			return
		}
		other := *in
		other.Query += "x"
		if _, err := placeAfter(found, &other); !errors.Is(err, readstore.ErrCursor) {
			t.Fatalf("another query with this cursor: %v", err)
		}
		other = *in
		other.Category += "x"
		if _, err := placeAfter(found, &other); !errors.Is(err, readstore.ErrCursor) {
			t.Fatalf("another category with this cursor: %v", err)
		}
	})
}

func FuzzPlaceAfter(f *testing.F) {
	found := numbered(5)
	in := &servicesInput{Query: "q", Paged: Paged{Limit: 2}}
	for _, seed := range []string{"", "%", "AAAA", cursor(in, "service-1"), cursor(in, "service-4"), cursor(in, ""), cursor(&servicesInput{}, "service-1")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, after string) {
		asked := *in
		asked.After = after
		place, err := placeAfter(found, &asked)
		switch {
		case err != nil && !errors.Is(err, readstore.ErrCursor):
			t.Errorf("%q: %v", after, err)
		case err == nil && after == "" && place != 0:
			t.Errorf("the first page begins at %d", place)
		case err == nil && after != "":
			if place < 1 || place > len(found) {
				t.Fatalf("%q leads to %d", after, place)
			}
			// Decoders forgive a few bits at the end; what is named must be this service all the same.
			raw, _ := base64.RawURLEncoding.DecodeString(after)
			if string(raw) != string(mustDecode(t, cursor(in, found[place-1].ID))) {
				t.Errorf("%q leads to %d", after, place)
			}
		}
	})
}

func mustDecode(t *testing.T, cursor string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	done(t, err)
	return raw
}

type servicesPage struct {
	Items []struct {
		ID         string
		Name       map[string]string
		CategoryID string
		Provider   struct{ Name map[string]string }
	}
	Total int
	Next  string
}

func (p servicesPage) ids() []string {
	list := []string{}
	for _, item := range p.Items {
		list = append(list, item.ID)
	}
	return list
}

func TestListingServices(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	legal, tax := id("service", 1), id("service", 2)
	for query, want := range map[string][]string{
		"":                                   {legal, tax},
		"?q=" + url.QueryEscape("заңды"):     {legal},
		"?q=" + url.QueryEscape("zzz"):       {},
		"?category=" + id("category", 1):     {legal, tax},
		"?category=" + id("category", 3):     {tax},
		"?category=" + id("category", 4):     {}, // its only service was withdrawn
		"?q=cv":                              {},
		"?q=sample&category=" + tree[0].ID:   {legal, tax},
		"?q=advice&limit=100":                {legal, tax},
		"?q=" + url.QueryEscape("  advice "): {legal, tax},
	} {
		var page servicesPage
		w.get("", "/services"+query).into(t, &page)
		if diff := cmp.Diff(want, page.ids()); diff != "" || page.Total != len(want) || page.Next != "" {
			t.Errorf("%s: total %d, next %q (-want +got):\n%s", query, page.Total, page.Next, diff)
		}
	}
	w.get("", "/services?category=nothing").refuses(t, http.StatusNotFound, "category-not-found")
	w.get("", "/services?limit=0").refuses(t, http.StatusUnprocessableEntity, "invalid")
	w.get("", "/services?limit=101").refuses(t, http.StatusUnprocessableEntity, "invalid")

	var first, second servicesPage
	w.get("", "/services?limit=1").into(t, &first)
	w.get("", "/services?limit=1&after="+first.Next).into(t, &second)
	if first.Total != 2 || first.ids()[0] != legal || second.ids()[0] != tax || second.Next != "" {
		t.Errorf("pages %v and %v", first, second)
	}
	if name := first.Items[0].Provider.Name["kk"]; name != "Үлгі палатасы" {
		t.Errorf("the provider is called %q", name)
	}
	for name, after := range map[string]string{"foreign": "&q=advice&after=" + first.Next, "damaged": "&after=x" + first.Next, "no cursor": "&after=%25"} {
		if got := w.get("", "/services?limit=1"+after); got.status != http.StatusBadRequest {
			t.Errorf("%s cursor: %d %s", name, got.status, got.body)
		}
		w.get("", "/services?limit=1"+after).refuses(t, http.StatusBadRequest, "bad-cursor")
	}
	w.write("service-"+legal, "", service.Withdrawn{At: noon})
	w.get("", "/services?limit=1&after="+first.Next).refuses(t, http.StatusBadRequest, "bad-cursor")
}

func TestCategoriesCountWhatIsBelowThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	type node struct {
		ID       string
		Services int
		Children []node
	}
	var got []node
	w.get("", "/categories").into(t, &got)
	want := []node{
		{ID: id("category", 1), Services: 2, Children: []node{
			{ID: id("category", 2), Services: 1, Children: []node{}}, {ID: id("category", 3), Services: 1, Children: []node{}},
		}},
		{ID: id("category", 4), Children: []node{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadingAPassport(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	var p struct {
		ID      string
		Version int
		Term    struct {
			Days int
			Kind string
		}
		Steps []struct{ ID string }
	}
	w.get("", "/services/"+id("service", 1)).into(t, &p)
	if p.ID != id("service", 1) || p.Version != 1 || p.Term.Days != 5 || p.Term.Kind != "working" || len(p.Steps) != 2 || p.Steps[0].ID != "company" {
		t.Errorf("passport %+v", p)
	}
	for _, unknown := range []string{id("service", 3), id("service", 9), id("service", 1) + "@1", id("service", 1) + ":1", "x", "%00", "%ff"} {
		w.get("", "/services/"+unknown).refuses(t, http.StatusNotFound, "service-not-found")
	}
}
