// Package dev is the certification authority of a demo and of tests: it makes certificates as the national certification
// centre does, signatures, time stamps and answers about revocation, right ones and wrong ones. It vouches for nobody: a
// portal in production never trusts it.
package dev
