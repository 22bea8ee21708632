#include "tests/system/support/slurm_cluster.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <random>
#include <sstream>
#include <stdexcept>

#include "tests/system/support/files.h"
#include "tests/system/support/process_tree.h"
#include "tests/system/support/waiting.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMunged = "/usr/sbin/munged";
constexpr const char* kSlurmctld = "/usr/sbin/slurmctld";
constexpr const char* kSlurmd = "/usr/sbin/slurmd";
constexpr int kGpus = 4;
constexpr std::chrono::seconds kUpWithin{20};
constexpr std::chrono::seconds kJobsGoneWithin{15};

/// Ports of the loopback that nobody has just now.
std::vector<int> free_ports(std::size_t count) {
  std::vector<int> sockets, ports;
  for (std::size_t i = 0; i < count; ++i) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket, generic, size) != 0 || ::getsockname(socket, generic, &size) != 0) {
      throw std::runtime_error("there is no free port on the loopback");
    }
    sockets.push_back(socket);
    ports.push_back(ntohs(address.sin_port));
  }
  for (const int socket : sockets) ::close(socket);
  return ports;
}

/// The host's name up to the first dot, as Slurm wants it.
std::string short_host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  const std::string whole = name.data();
  return whole.substr(0, whole.find('.'));
}

std::string random_key() {
  constexpr std::size_t kBytes = 128;
  std::random_device device;
  std::string key(kBytes, '\0');
  for (char& byte : key) byte = static_cast<char>(device());
  return key;
}

}  // namespace

std::string SlurmCluster::obstacle() {
  if (::geteuid() != 0) return "Slurm's daemons want to be started by root";
  for (const char* program : {kMunged, kSlurmctld, kSlurmd}) {
    if (!fs::exists(program)) return std::string("there is no ") + program + ": run ./setup.sh";
  }
  return "";
}

SlurmCluster::SlurmCluster() : folder_(make_temporary_folder()) {
  for (const char* name : {"state", "spool"}) fs::create_directories(folder_ / name);
  write_configuration();
  start();
  if (!becomes_true([this] { return is_up(); }, kUpWithin)) {
    throw std::runtime_error("Slurm does not come up:\n" + logs());
  }
}

SlurmCluster::~SlurmCluster() {
  run({"scancel", "--full", "--partition=night"});
  if (!becomes_true([this] { return queue().empty(); }, kJobsGoneWithin)) {
    std::fprintf(stderr, "Slurm's jobs do not end:\n%s", logs().c_str());
  }
  // The daemons end first: one that sees its jobs killed would still tell the others about it.
  slurmd_->signal(SIGTERM);
  slurmctld_->signal(SIGTERM);
  becomes_true([this] { return slurmd_->is_over() && slurmctld_->is_over(); }, std::chrono::seconds(5));
  std::error_code none;
  fs::remove_all(folder_, none);
}

void SlurmCluster::write_configuration() const {
  const std::string host = short_host_name();
  const std::string folder = folder_.string();
  const std::vector<int> ports = free_ports(2);
  write_file(folder_ / "munge.key", random_key());
  fs::permissions(folder_ / "munge.key", fs::perms::owner_read);
  for (int gpu = 0; gpu < kGpus; ++gpu) write_file(folder_ / ("gpu" + std::to_string(gpu)), "");
  write_file(folder_ / "gres.conf",
             "NodeName=" + host + " Name=gpu File=" + folder + "/gpu[0-" + std::to_string(kGpus - 1) + "]\n");
  std::ostringstream text;
  text << "ClusterName=longtake\n"
       << "SlurmctldHost=" << host << "(127.0.0.1)\n"
       << "SlurmctldPort=" << ports[0] << "\nSlurmdPort=" << ports[1] << "\n"
       << "SlurmUser=root\nSlurmdUser=root\n"
       << "AuthType=auth/munge\nCredType=cred/munge\n"
       // A requeued job waits as long as its credentials live; Slurm takes nothing shorter.
       << "AuthInfo=socket=" << folder << "/munge.socket,cred_expire=5\n"
       << "StateSaveLocation=" << folder << "/state\nSlurmdSpoolDir=" << folder << "/spool\n"
       << "SlurmctldPidFile=" << folder << "/slurmctld.pid\nSlurmdPidFile=" << folder << "/slurmd.pid\n"
       << "SlurmctldLogFile=" << folder << "/slurmctld.log\nSlurmdLogFile=" << folder
       << "/slurmd.log\n"
       // Neither control groups nor accounting: a container has none to give.
       << "ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nJobAcctGatherType=jobacct_gather/none\n"
       << "SelectType=select/cons_tres\nSelectTypeParameters=CR_Core_Memory\n"
       << "SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0\n"
       << "KillWait=5\nReturnToService=2\nGresTypes=gpu\n"
       // Eight processors and 16 GB, whatever the machine has: the jobs of the tests are small.
       << "SlurmdParameters=config_overrides\n"
       << "NodeName=" << host << " NodeAddr=127.0.0.1 CPUs=8 RealMemory=16384 Gres=gpu:" << kGpus << "\n"
       << "PartitionName=night Nodes=ALL Default=YES MaxTime=INFINITE\n";
  write_file(folder_ / "slurm.conf", text.str());
}

void SlurmCluster::start() {
  const std::string folder = folder_.string();
  const auto daemon = [&](const std::vector<std::string>& command) {
    return std::make_unique<Process>(ProcessOptions{command, {{"SLURM_CONF", folder + "/slurm.conf"}}, {}});
  };
  // --force: a folder below /tmp is not where munged expects its socket.
  munged_ = daemon({kMunged, "--foreground", "--force", "--socket=" + folder + "/munge.socket",
                    "--key-file=" + folder + "/munge.key", "--pid-file=" + folder + "/munged.pid",
                    "--log-file=" + folder + "/munged.log", "--seed-file=" + folder + "/munged.seed"});
  becomes_true([&] { return fs::exists(folder_ / "munge.socket"); }, kUpWithin);
  slurmctld_ = daemon({kSlurmctld, "-D", "-c"});
  slurmd_ = daemon({kSlurmd, "-D"});
}

bool SlurmCluster::is_up() const {
  const Ended ended = run({"sinfo", "--noheader", "--format=%T"});
  return ended.exit_code == 0 && ended.out == "idle\n";
}

std::string SlurmCluster::logs() const {
  std::string text;
  for (const char* name : {"munged.log", "slurmctld.log", "slurmd.log"}) {
    text += std::string("== ") + name + "\n" + read_file(folder_ / name);
  }
  return text;
}

Ended SlurmCluster::run(const std::vector<std::string>& command, const fs::path& folder) const {
  // Jobs inherit the environment of who submits them: with the tag of that process they would die with it.
  std::vector<std::string> words = {"env", std::string(kTagVariable) + "=" + tag()};
  words.insert(words.end(), command.begin(), command.end());
  return Process({words, {{"SLURM_CONF", (folder_ / "slurm.conf").string()}}, folder}).wait();
}

std::map<std::string, std::string> SlurmCluster::facts_of(const std::string& job) const {
  std::map<std::string, std::string> facts;
  std::istringstream words(run({"scontrol", "show", "job", "--oneliner", job}).out);
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    if (equals != std::string::npos) facts[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return facts;
}

std::string SlurmCluster::state_of(const std::string& job) const { return facts_of(job)["JobState"]; }

std::vector<std::string> SlurmCluster::queue() const {
  std::vector<std::string> jobs;
  std::istringstream lines(run({"squeue", "--noheader", "--format=%i %T"}).out);
  for (std::string line; std::getline(lines, line);) jobs.push_back(line);
  return jobs;
}

void SlurmCluster::set_node(const std::string& state) const {
  run({"scontrol", "update", "NodeName=" + short_host_name(), "State=" + state, "Reason=a test"});
}

}  // namespace longtake
