//go:build s3

package main

// S3 and what speaks its protocol, for --files: a fifth of the binary, for which most have no use.
import _ "gocloud.dev/blob/s3blob"
