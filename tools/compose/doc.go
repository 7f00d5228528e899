// Package compose checks the compose files and the image of the portal by the parser of the compose specification. It is
// a module of its own, so that the parser is no dependency of the portal.
package compose
