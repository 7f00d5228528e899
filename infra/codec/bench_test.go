package codec_test

import "testing"

func BenchmarkEncode(b *testing.B) {
	for name, event := range map[string]any{"plain": anOpened, "personal": aNamed} {
		b.Run(name, func(b *testing.B) {
			c, _ := newCodec(b)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Encode(b.Context(), stream, eventID, metadata, event); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for name, event := range map[string]any{"plain": anOpened, "personal": aNamed} {
		b.Run(name, func(b *testing.B) {
			c, _ := newCodec(b)
			recorded := stored(b, c, event)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Decode(b.Context(), recorded); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func BenchmarkDecodeJustEncoded(b *testing.B) {
	c, _ := newCodec(b)
	event := moved{City: aMoved.City, Street: aMoved.Street}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Decode(b.Context(), stored(b, c, event)); err != nil {
			b.Fatal(err)
		}
	}
}
