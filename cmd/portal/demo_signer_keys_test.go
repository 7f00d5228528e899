package main

import (
	"crypto/x509"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/infra/eds/edstest"
)

// owners are the names in the certificates that a command signs with.
func owners(t *testing.T, c demoSignerCommand) []string {
	t.Helper()
	keys, err := c.keys()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, key := range keys {
		certificate, err := x509.ParseCertificate(key.Certificate())
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, certificate.Subject.CommonName)
	}
	return names
}

func TestTheDemoSignerSignsAsWhomItIsToldTo(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var everybody []string
	for _, person := range demoPeople() {
		everybody = append(everybody, person.signer().Name)
	}
	for name, tc := range map[string]struct {
		command demoSignerCommand
		want    []string
	}{
		"nobody is named":    {demoSignerCommand{}, everybody},
		"somebody invented":  {demoSignerCommand{Person: []string{identitytest.IIN(910_001)}}, []string{"Бұлақбай Нұрай"}},
		"an organisation":    {demoSignerCommand{Person: []string{identitytest.BIN(910_002)}}, []string{"Теректібаев Самат"}},
		"who has registered": {demoSignerCommand{Person: []string{identitytest.IIN(7), identitytest.BIN(8)}}, []string{"DEMO PERSON", "DEMO HEAD"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.command.Data = folder
			if diff := cmp.Diff(tc.want, owners(t, tc.command)); diff != "" {
				t.Errorf("owners (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := (&demoSignerCommand{Data: folder, Person: []string{identitytest.IIN(7), "123456789012"}}).keys(); err == nil {
		t.Error("a number that is none was taken")
	}
}

func TestTheDemoSignerOpensAFileOfTheNationalCentre(t *testing.T) {
	t.Parallel()
	file := filepath.Join(edstest.Folder(t), "p12", "2026_individual_valid_individual_valid.p12")
	command := demoSignerCommand{P12: file, P12Password: "Qwerty12"}
	if diff := cmp.Diff([]string{"ТЕСТОВ ТЕСТ"}, owners(t, command)); diff != "" {
		t.Errorf("owners (-want +got):\n%s", diff)
	}
	command.Data, command.Person = t.TempDir(), []string{identitytest.IIN(910_001)}
	if diff := cmp.Diff([]string{"ТЕСТОВ ТЕСТ", "Бұлақбай Нұрай"}, owners(t, command)); diff != "" {
		t.Errorf("owners, with somebody beside it (-want +got):\n%s", diff)
	}
	for name, wrong := range map[string]demoSignerCommand{
		"with another password": {P12: file, P12Password: "Qwerty13"}, "that is not there": {P12: file + "x"}, "that is another": {P12: "demo_signer.go"},
		"with no address of a time-stamping authority": {P12: file, P12Password: "Qwerty12", TSP: "ftp://x"},
	} {
		if _, err := wrong.keys(); err == nil {
			t.Errorf("a file %s was opened", name)
		}
	}
}
