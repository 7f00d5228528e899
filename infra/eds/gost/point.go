package gost

// point is in Jacobian coordinates: it stands for (x/z², y/z³); the point at infinity has z = 0.
type point struct{ x, y, z number }

// affine is a point that is not at infinity.
type affine struct{ x, y number }

// group computes with the points of y² = x³ + ax + b.
type group struct {
	*field
	a, b       number
	minusThree bool // a = -3 mod p: doubling is cheaper
}

func (g *group) lift(p *affine) point { return point{p.x, p.y, g.one} }

// contains says whether p satisfies the equation.
func (g *group) contains(p *affine) bool {
	var left, right number
	g.sqr(&left, &p.y)
	g.sqr(&right, &p.x)
	g.add(&right, &right, &g.a)
	g.mul(&right, &right, &p.x)
	g.add(&right, &right, &g.b)
	return left == right
}

// double sets r to 2p; they may be the same.
func (g *group) double(r, p *point) {
	if p.z.isZero() {
		*r = *p
		return
	}
	var yy, s, m, t number
	g.sqr(&yy, &p.y)
	g.mul(&s, &p.x, &yy)
	g.field.double(&s, &s)
	g.field.double(&s, &s) // 4xy²
	g.slope(&m, p)

	g.mul(&r.z, &p.y, &p.z)
	g.field.double(&r.z, &r.z)
	g.sqr(&r.x, &m)
	g.sub(&r.x, &r.x, &s)
	g.sub(&r.x, &r.x, &s)

	g.sqr(&t, &yy)
	for range 3 {
		g.field.double(&t, &t) // 8y⁴
	}
	g.sub(&s, &s, &r.x)
	g.mul(&r.y, &m, &s)
	g.sub(&r.y, &r.y, &t)
}

// slope sets m to 3x² + az⁴.
func (g *group) slope(m *number, p *point) {
	var zz, t number
	g.sqr(&zz, &p.z)
	if g.minusThree {
		var plus number
		g.add(&plus, &p.x, &zz)
		g.sub(&t, &p.x, &zz)
		g.mul(&t, &t, &plus)
		g.field.double(m, &t)
		g.add(m, m, &t)
		return
	}
	g.sqr(&zz, &zz)
	g.mul(&zz, &zz, &g.a)
	g.sqr(&t, &p.x)
	g.field.double(m, &t)
	g.add(m, m, &t)
	g.add(m, m, &zz)
}

// sum sets r to p + q; all may be the same.
func (g *group) sum(r, p, q *point) {
	if p.z.isZero() {
		*r = *q
		return
	}
	if q.z.isZero() {
		*r = *p
		return
	}
	var zz, x1, y1 number
	g.sqr(&zz, &q.z)
	g.mul(&x1, &p.x, &zz)
	g.mul(&y1, &p.y, &q.z)
	g.mul(&y1, &y1, &zz)
	z := q.z
	g.finishAdd(r, p, &affine{q.x, q.y}, &x1, &y1, &z)
}

// addAffine sets r to p + q; r and p may be the same.
func (g *group) addAffine(r, p *point, q *affine) {
	if p.z.isZero() {
		*r = g.lift(q)
		return
	}
	x1, y1 := p.x, p.y
	g.finishAdd(r, p, q, &x1, &y1, nil)
}

// finishAdd adds q, with qz its z if that is not 1, to p, whose coordinates times the powers of qz are x1 and y1.
func (g *group) finishAdd(r, p *point, q *affine, x1, y1, qz *number) {
	var zz, h, s, hh, hhh, z number
	g.sqr(&zz, &p.z)
	g.mul(&h, &q.x, &zz)
	g.mul(&s, &q.y, &p.z)
	g.mul(&s, &s, &zz)
	g.sub(&h, &h, x1)
	g.sub(&s, &s, y1)
	if h.isZero() {
		if s.isZero() {
			g.double(r, p)
			return
		}
		*r = point{} // p = -q
		return
	}
	g.mul(&z, &p.z, &h)
	if qz != nil {
		g.mul(&z, &z, qz)
	}
	g.sqr(&hh, &h)
	g.mul(&hhh, &hh, &h)
	g.mul(&hh, &hh, x1)
	r.z = z
	g.sqr(&r.x, &s)
	g.sub(&r.x, &r.x, &hhh)
	g.sub(&r.x, &r.x, &hh)
	g.sub(&r.x, &r.x, &hh)
	g.sub(&hh, &hh, &r.x)
	g.mul(&s, &s, &hh)
	g.mul(&hhh, &hhh, y1)
	g.sub(&r.y, &s, &hhh)
}
