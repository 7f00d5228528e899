package main

import (
	"services.example/portal/cmd/portal/catalogue"
	"services.example/portal/commands"
	"services.example/portal/domain/account"
	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/domain/text"
)

// demoPerson is somebody invented: staff or an applicant.
type demoPerson struct {
	staff     *account.CreateStaff
	applicant *commands.Registration
}

// demoPeople are invented; their numbers are generated and belong to nobody.
func demoPeople() []demoPerson {
	var people []demoPerson
	member := func(n int, last, first, provider, totp string, roles ...account.Role) {
		staff := &account.CreateStaff{
			IIN: identitytest.IIN(900_000 + n), LastName: last, FirstName: first,
			Email: "staff" + string(rune('a'+n)) + "@portal.example", Phone: "+770090000" + twoDigits(n),
			NotifyBy: []string{string(account.Email)}, Language: string(text.Kazakh), TOTPSecret: totp,
		}
		if provider != "" {
			staff.ProviderID = catalogue.ID("provider", provider)
		}
		for _, role := range roles {
			staff.Roles = append(staff.Roles, string(role))
		}
		people = append(people, demoPerson{staff: staff})
	}
	for i, provider := range []string{"atameken", "cmer", "qidi"} {
		n := i * 3
		member(n+1, operators[i][0], operators[i][1], provider, totpSecrets[n], account.Operator)
		member(n+2, executors[i][0], executors[i][1], provider, totpSecrets[n+1], account.Executor)
		member(n+3, admins[i][0], admins[i][1], provider, totpSecrets[n+2], account.ProviderAdmin)
	}
	member(10, "Тұманбек", "Арайлы", "", totpSecrets[9], account.Admin)
	member(11, "Жайсаңбай", "Мұрат", "", totpSecrets[10], account.Auditor)
	member(12, "Көктемова", "Сая", "", totpSecrets[11], account.Analyst)
	people = append(people,
		demoPerson{applicant: &commands.Registration{
			Kind: string(account.Individual), IIN: identitytest.IIN(910_001), LastName: "Бұлақбай", FirstName: "Нұрай",
			MiddleName: "Ержанқызы", Email: "nurai@applicant.example", Phone: "+77009100001", Password: demoPassword,
			NotifyBy: []string{"sms"}, Language: string(text.Kazakh),
		}},
		demoPerson{applicant: &commands.Registration{
			Kind: string(account.Legal), BIN: identitytest.BIN(910_002), Organization: "«Ойдан шыққан» ЖШС",
			LastName: "Теректібаев", FirstName: "Самат", Email: "office@applicant.example", Phone: "+77009100002",
			Password: demoPassword, NotifyBy: []string{"email"}, Language: string(text.Russian),
		}},
	)
	return people
}

var (
	operators = [][2]string{{"Шыңғысбаева", "Әсем"}, {"Қайыңбек", "Олжас"}, {"Ақшаева", "Мөлдір"}}
	executors = [][2]string{{"Сарыарқаев", "Дәурен"}, {"Бәйтеректі", "Гүлім"}, {"Жусанбаев", "Ерлан"}}
	admins    = [][2]string{{"Құсжолова", "Айым"}, {"Самалбек", "Тимур"}, {"Ырысты", "Жанель"}}

	// totpSecrets are published with the demo: they guard nothing.
	totpSecrets = []string{
		"JBSWY3DPEHPK3PXA", "JBSWY3DPEHPK3PXB", "JBSWY3DPEHPK3PXC", "JBSWY3DPEHPK3PXD", "JBSWY3DPEHPK3PXE", "JBSWY3DPEHPK3PXF",
		"JBSWY3DPEHPK3PXG", "JBSWY3DPEHPK3PXH", "JBSWY3DPEHPK3PXI", "JBSWY3DPEHPK3PXJ", "JBSWY3DPEHPK3PXK", "JBSWY3DPEHPK3PXL",
	}
)

func twoDigits(n int) string { return string([]byte{byte('0' + n/10), byte('0' + n%10)}) }
