// Package evidence keeps digital signatures provable for years: it collects what they lack while their authorities still
// know (Collector), and checks what was kept when nobody else does (Verify).
package evidence
