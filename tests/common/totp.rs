//! One-time codes as an app on a phone makes them.

use std::process::Command;

/// A program in another language that makes the code of this moment.
pub const TOTP: &str = "import base64,hmac,struct,sys,time
k=base64.b32decode(sys.argv[1])
h=hmac.new(k,struct.pack('>Q',int(time.time())//30),'sha1').digest()
o=h[-1]&15
print('%06d'%((struct.unpack('>I',h[o:o+4])[0]&0x7fffffff)%1000000))
";

/// The code of this moment.
pub fn totp(key: &str) -> String {
    let made = Command::new("python3").args(["-c", TOTP, key]).output().unwrap();
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}
