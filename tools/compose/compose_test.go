package compose

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

const root = "../.."

// compositions are the ways in which the operations guide tells people to start the files.
var compositions = map[string]struct {
	files    []string
	services []string
}{
	"one of each": {
		[]string{"docker-compose.yml"},
		[]string{"eventstore", "mail", "master-key", "mongo", "portal", "seed", "sms"},
	},
	"clusters": {
		[]string{"docker-compose.yml", "docs/compose/cluster.yml"},
		[]string{
			"eventstore", "eventstore-2", "eventstore-3", "mail", "master-key", "mongo", "mongo-2", "mongo-3", "portal", "projector",
			"seed", "sms",
		},
	},
}

func load(t *testing.T, files []string, env ...string) *types.Project {
	t.Helper()
	paths := make([]string, len(files))
	for i, file := range files {
		paths[i] = filepath.Join(root, file)
	}
	options, err := cli.NewProjectOptions(paths, cli.WithWorkingDirectory(root), cli.WithEnv(env))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatalf("%v: %v", files, err)
	}
	return project
}

func TestComposition(t *testing.T) {
	for name, composition := range compositions {
		t.Run(name, func(t *testing.T) {
			project := load(t, composition.files)
			names := project.ServiceNames()
			slices.Sort(names)
			if !slices.Equal(names, composition.services) {
				t.Errorf("services %v, want %v", names, composition.services)
			}
			for _, service := range project.Services {
				t.Run(service.Name, func(t *testing.T) { checkService(t, project, service) })
			}
		})
	}
}

var pinned = regexp.MustCompile(`^[a-z/-]+:v?[0-9]+(\.[0-9]+){0,2}(-[a-z]+)?$`)

func checkService(t *testing.T, project *types.Project, service types.ServiceConfig) {
	t.Helper()
	if service.Build == nil && !pinned.MatchString(service.Image) {
		t.Errorf("the image %q is not pinned", service.Image)
	}
	once := service.Restart == types.RestartPolicyNo
	if !once && service.Restart != types.RestartPolicyUnlessStopped {
		t.Errorf("restart: %q", service.Restart)
	}
	if !once && service.Name != "sms" && (service.HealthCheck == nil || len(service.HealthCheck.Test) < 2) {
		t.Error("it has no health check")
	}
	if service.Logging == nil || service.Logging.Options["max-size"] == "" {
		t.Error("its log may grow without end")
	}
	for _, port := range service.Ports {
		if service.Name != "portal" || port.HostIP != "127.0.0.1" {
			t.Errorf("it publishes port %s at %q", port.Published, port.HostIP)
		}
	}
	for _, volume := range service.Volumes {
		if _, declared := project.Volumes[volume.Source]; volume.Type != types.VolumeTypeVolume || !declared {
			t.Errorf("%s is no volume of the file", volume.Source)
		}
	}
	for needed, how := range service.DependsOn {
		other, err := project.GetService(needed)
		if err != nil {
			t.Fatal(err)
		}
		if how.Condition == types.ServiceConditionHealthy && other.HealthCheck == nil {
			t.Errorf("it waits for the health of %s, which has no check", needed)
		}
		if (how.Condition == types.ServiceConditionCompletedSuccessfully) != (other.Restart == types.RestartPolicyNo) {
			t.Errorf("it waits for %s to be %s", needed, how.Condition)
		}
	}
}

// TestStoresAreOutOfReach finds the stores, which have no TLS here, on the private network alone.
func TestStoresAreOutOfReach(t *testing.T) {
	for name, composition := range compositions {
		project := load(t, composition.files)
		if !project.Networks["stores"].Internal {
			t.Errorf("%s: the network of the stores is not private", name)
		}
		for _, service := range project.Services {
			if !strings.HasPrefix(service.Name, "eventstore") && !strings.HasPrefix(service.Name, "mongo") {
				continue
			}
			if networks := service.NetworksByPriority(); !slices.Equal(networks, []string{"stores"}) {
				t.Errorf("%s: %s is on %v", name, service.Name, networks)
			}
		}
	}
}

// TestPortalRunsWithNothingToSpare checks what the container of the portal may do.
func TestPortalRunsWithNothingToSpare(t *testing.T) {
	project := load(t, []string{"docker-compose.yml"})
	for _, name := range []string{"portal", "seed"} {
		service, err := project.GetService(name)
		if err != nil {
			t.Fatal(err)
		}
		if !service.ReadOnly || service.User != "65532:65532" || service.Privileged || !slices.Equal(service.CapDrop, []string{"ALL"}) ||
			!slices.Equal(service.SecurityOpt, []string{"no-new-privileges:true"}) {
			t.Errorf("%s: read-only %v, user %s, capabilities without %v, %v",
				name, service.ReadOnly, service.User, service.CapDrop, service.SecurityOpt)
		}
	}
}

// TestSettingsAreThoseOfThePortal finds every setting of the files among the flags of the binary, and those of production.
func TestSettingsAreThoseOfThePortal(t *testing.T) {
	sources, err := filepath.Glob(filepath.Join(root, "cmd/portal/*.go"))
	if err != nil || len(sources) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	var flags []string
	for _, source := range sources {
		content, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`env:"(PORTAL_[A-Z_]+)"`).FindAllStringSubmatch(string(content), -1) {
			flags = append(flags, found[1])
		}
	}
	for name, composition := range compositions {
		project := load(t, composition.files, "PORTAL_SITE_URL=https://portal.example")
		portal, err := project.GetService("portal")
		if err != nil {
			t.Fatal(err)
		}
		for setting := range portal.Environment {
			if !slices.Contains(flags, setting) {
				t.Errorf("%s: the portal has no setting %s", name, setting)
			}
		}
		for _, needed := range []string{"PORTAL_SMTP", "PORTAL_MAIL_FROM", "PORTAL_SMS_GATEWAY", "PORTAL_MASTER_KEY"} {
			if value := portal.Environment[needed]; value == nil || *value == "" {
				t.Errorf("%s: %s is not set", name, needed)
			}
		}
		if site := portal.Environment["PORTAL_SITE_URL"]; site == nil || *site != "https://portal.example" {
			t.Errorf("%s: the site's address cannot be set from outside", name)
		}
		for setting, hosts := range map[string]string{"PORTAL_EVENT_STORE": "eventstore", "PORTAL_READ_STORE": "mongo"} {
			for _, service := range project.Services {
				if strings.HasPrefix(service.Name, hosts) && !strings.Contains(*portal.Environment[setting], service.Name+":") {
					t.Errorf("%s: %s does not name %s", name, setting, service.Name)
				}
			}
		}
	}
}

// TestImage checks what the compose files rely on in the image.
func TestImage(t *testing.T) {
	project := load(t, []string{"docker-compose.yml"})
	portal, err := project.GetService("portal")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(portal.Build.Context, portal.Build.Dockerfile)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"FROM scratch", "USER 65532:65532", `ENTRYPOINT ["/portal"]`, "CGO_ENABLED=0 go build", `CMD ["/portal", "health"]`,
	} {
		if !strings.Contains(string(content), line) {
			t.Errorf("%s lacks %s", file, line)
		}
	}
}
