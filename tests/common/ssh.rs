//! An SSH server of one test, with keys of its own.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::program::{Program, free_port};
use super::wait_for;

/// A server for whoever runs the tests, with keys and a port of its own.
pub struct Server {
    child: Child,
    folder: TempDir,
    pub port: u16,
    pub user: String,
}

impl Server {
    /// A server that knows one key, with this pass phrase.
    pub fn start(passphrase: &str) -> Self {
        Self::listen("127.0.0.1", passphrase)
    }

    /// The same at this address of the machine.
    pub fn listen(host: &str, passphrase: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        keygen(&path("host"), "");
        keygen(&path("key"), passphrase);
        let port = free_port();
        let public = fs::read_to_string(path("host.pub")).unwrap();
        fs::write(path("known_hosts"), format!("[{host}]:{port} {public}")).unwrap();
        let config = format!(
            "ListenAddress {host}:{port}\nHostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\nPidFile none\n",
            path("host"),
            path("key.pub")
        );
        fs::write(path("config"), config).unwrap();
        // As root it wants this folder, which a system makes when it boots.
        let _ = fs::create_dir("/run/sshd");
        let log = fs::File::create(path("log")).unwrap();
        let sshd = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd"];
        let sshd = sshd.iter().find(|path| Path::new(path).exists());
        let child = Command::new(sshd.expect("openssh-server is missing: run scripts/setup.sh test"))
            .args(["-D", "-e", "-f", &path("config")])
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        wait_for("the server", || TcpStream::connect((host, port)).ok());
        let user = Command::new("id").arg("-un").output().unwrap().stdout;
        let user = String::from_utf8(user).unwrap().trim().to_owned();
        Self {
            child,
            folder,
            port,
            user,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The settings of a tunnel to it.
    pub fn tunnel(&self, program: Program, remote: u16) -> Program {
        let options = format!(
            "-F none -p {} -i '{}' -o UserKnownHostsFile='{}'",
            self.port,
            self.path("key").display(),
            self.path("known_hosts").display()
        );
        program
            .with("SSH_USER_TUNNEL", &format!("{}@127.0.0.1", self.user))
            .with("SSH_OPTIONS", &options)
            .with("SSH_REMOTE_PORT", &remote.to_string())
            .with("SSH_RESTART", "1")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keygen(path: &str, passphrase: &str) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", passphrase, "-f", path])
        .status();
    assert!(made.unwrap().success());
}
