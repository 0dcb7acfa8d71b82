//! Keys, certificates and revocation lists, made by OpenSSL's command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use interop::Error;

/// A directory in which `openssl` works. Keys are made when they are first asked for.
pub struct Workshop {
    directory: PathBuf,
    made: u32,
}

/// A name, and what `openssl genpkey` is to make: one key of each name serves all chains.
#[derive(Clone, Copy, Debug)]
pub struct Key(&'static str, &'static str);

impl Key {
    pub const ROOT: Self = Self("root", "RSA rsa_keygen_bits:2048");
    pub const SUB: Self = Self("sub", "RSA rsa_keygen_bits:2048");
    pub const LEAF: Self = Self("leaf", "RSA rsa_keygen_bits:2048");
    pub const OTHER: Self = Self("other", "RSA rsa_keygen_bits:2048");
    pub const RSA_512: Self = Self("rsa-512", "RSA rsa_keygen_bits:512");
    pub const RSA_1024: Self = Self("rsa-1024", "RSA rsa_keygen_bits:1024");
    pub const RSA_3072: Self = Self("rsa-3072", "RSA rsa_keygen_bits:3072");
    pub const RSA_4096: Self = Self("rsa-4096", "RSA rsa_keygen_bits:4096");
    /// For RSASSA-PSS alone.
    pub const PSS: Self = Self("pss", "RSA-PSS rsa_keygen_bits:2048");
    pub const P256: Self = Self("p-256", "EC ec_paramgen_curve:P-256");
    pub const P384: Self = Self("p-384", "EC ec_paramgen_curve:P-384");
    pub const P521: Self = Self("p-521", "EC ec_paramgen_curve:P-521");
    pub const ED25519: Self = Self("ed25519", "ED25519");
}

/// What a certificate is to say. [`Template::new`] has no extensions, which makes it version 1.
#[derive(Clone)]
pub struct Template {
    subject: String,
    key: Key,
    extensions: Vec<(&'static str, String)>,
    validity: [&'static str; 2],
    signature: Vec<&'static str>,
}

/// A certificate that was made.
#[derive(Clone, Debug)]
pub struct Issued {
    pub pem: PathBuf,
    key: Key,
    serial: u32,
}

impl Template {
    /// `subject` as `openssl` writes it: `/O=Example/CN=Root`.
    pub fn new(subject: &str, key: Key) -> Self {
        Self {
            subject: subject.to_owned(),
            key,
            extensions: Vec::new(),
            validity: ["20200101000000Z", "20300101000000Z"],
            signature: vec!["-md", "sha256"],
        }
    }

    pub fn authority(subject: &str, key: Key) -> Self {
        Self::new(subject, key)
            .with("basicConstraints", "critical,CA:TRUE")
            .with("keyUsage", "critical,keyCertSign,cRLSign")
    }

    /// A server's, with a name that nobody asks for in the common name.
    pub fn server(name: &str) -> Self {
        Self::new("/O=Example/CN=device", Key::LEAF)
            .with("basicConstraints", "CA:FALSE")
            .with("keyUsage", "digitalSignature,keyEncipherment")
            .with("extendedKeyUsage", "serverAuth")
            .with("subjectAltName", name)
    }

    pub fn client() -> Self {
        Self::new("/O=Example/CN=somebody", Key::LEAF)
            .with("basicConstraints", "CA:FALSE")
            .with("keyUsage", "digitalSignature")
            .with("extendedKeyUsage", "clientAuth")
    }

    /// With the extension, in place of one of the same name.
    pub fn with(self, extension: &'static str, value: &str) -> Self {
        let mut template = self.without(extension);
        template.extensions.push((extension, value.to_owned()));
        template
    }

    pub fn without(mut self, extension: &str) -> Self {
        self.extensions.retain(|(name, _)| *name != extension);
        self
    }

    pub fn subject(mut self, subject: &str) -> Self {
        self.subject = subject.to_owned();
        self
    }

    pub fn key(mut self, key: Key) -> Self {
        self.key = key;
        self
    }

    pub fn valid(mut self, from: &'static str, until: &'static str) -> Self {
        self.validity = [from, until];
        self
    }

    pub fn expired(self) -> Self {
        self.valid("20200101000000Z", "20250101000000Z")
    }

    pub fn not_yet_valid(self) -> Self {
        self.valid("20270101000000Z", "20300101000000Z")
    }

    pub fn hash(mut self, hash: &'static str) -> Self {
        self.signature = vec!["-md", hash];
        self
    }

    pub fn pss(mut self, hash: &'static str) -> Self {
        let options = ["rsa_padding_mode:pss", "rsa_pss_saltlen:digest"];
        self.signature = vec!["-md", hash, "-sigopt", options[0], "-sigopt", options[1]];
        self
    }

    fn config(&self, home: &Path) -> String {
        let extensions: String = self
            .extensions
            .iter()
            .map(|(name, value)| format!("{name} = {value}\n"))
            .collect();
        // An empty section makes version 3, none version 1.
        let section = match self.extensions.is_empty() {
            true => "",
            false => "x509_extensions = extensions\n",
        };
        format!(
            "{}{section}[extensions]\n{extensions}\
             [names]\npermitted;dirName = name\n[name]\nO = Example\n",
            authority_config(home)
        )
    }
}

fn authority_config(home: &Path) -> String {
    let home = home.display();
    format!(
        "[ca]\ndefault_ca = this\n[policy]\ncommonName = optional\n[this]\n\
         database = {home}/index.txt\nserial = {home}/serial\nnew_certs_dir = {home}\n\
         policy = policy\nunique_subject = no\ndefault_md = sha256\n"
    )
}

impl Workshop {
    /// Begins with nothing.
    pub fn new(directory: &Path) -> Result<Self, Error> {
        if directory.exists() {
            fs::remove_dir_all(directory)?;
        }
        fs::create_dir_all(directory)?;
        let directory = directory.to_owned();
        Ok(Self { directory, made: 0 })
    }

    pub fn self_signed(&mut self, template: &Template) -> Result<Issued, Error> {
        let key = self.key(template.key)?;
        self.sign(template, &["-selfsign", "-keyfile", text(&key)?])
    }

    pub fn issue(&mut self, issuer: &Issued, template: &Template) -> Result<Issued, Error> {
        let key = self.key(issuer.key)?;
        let signer = ["-cert", text(&issuer.pem)?, "-keyfile", text(&key)?];
        self.sign(template, &signer)
    }

    /// A revocation list of the issuer with some of its certificates on it.
    pub fn revocation_list(
        &mut self,
        issuer: &Issued,
        revoked: &[&Issued],
        [from, until]: [&str; 2],
    ) -> Result<PathBuf, Error> {
        let home = self.home("crl")?;
        let entries: String = revoked
            .iter()
            .map(|one| {
                let serial = one.serial;
                format!("R\t300101000000Z\t250601000000Z\t{serial:04X}\tunknown\t/CN=x\n")
            })
            .collect();
        fs::write(home.join("index.txt"), entries)?;
        let config = home.join("config");
        fs::write(&config, authority_config(&home))?;
        let list = home.join("list.pem");
        let key = self.key(issuer.key)?;
        openssl(&[
            "ca",
            "-config",
            text(&config)?,
            "-gencrl",
            "-cert",
            text(&issuer.pem)?,
            "-keyfile",
            text(&key)?,
            "-crl_lastupdate",
            from,
            "-crl_nextupdate",
            until,
            "-out",
            text(&list)?,
        ])?;
        Ok(list)
    }

    /// The certificate with a bit of its signature turned over.
    pub fn damaged(&mut self, certificate: &Issued) -> Result<Issued, Error> {
        let home = self.home("damaged")?;
        let (der, pem) = (home.join("der"), home.join("certificate.pem"));
        let convert = |from: &Path, to: &Path, [inform, outform]: [&str; 2]| {
            let (from, to) = (text(from)?, text(to)?);
            openssl(&[
                "x509", "-in", from, "-inform", inform, "-outform", outform, "-out", to,
            ])
        };
        convert(&certificate.pem, &der, ["PEM", "DER"])?;
        let mut bytes = fs::read(&der)?;
        *bytes.last_mut().ok_or("empty")? ^= 1;
        fs::write(&der, bytes)?;
        convert(&der, &pem, ["DER", "PEM"])?;
        let certificate = certificate.clone();
        Ok(Issued { pem, ..certificate })
    }

    fn sign(&mut self, template: &Template, signer: &[&str]) -> Result<Issued, Error> {
        let home = self.home("certificate")?;
        let config = home.join("config");
        fs::write(&config, template.config(&home))?;
        fs::write(home.join("index.txt"), "")?;
        let serial = 0x1000 + self.made;
        fs::write(home.join("serial"), format!("{serial:04X}\n"))?;
        let request = self.request(template.key)?;
        let pem = home.join("certificate.pem");
        let [from, until] = template.validity;
        let mut arguments = vec![
            "ca",
            "-config",
            text(&config)?,
            "-batch",
            "-notext",
            "-preserveDN",
            "-in",
            text(&request)?,
            "-subj",
            &template.subject,
            "-startdate",
            from,
            "-enddate",
            until,
            "-out",
            text(&pem)?,
        ];
        arguments.extend(&template.signature);
        arguments.extend(signer);
        openssl(&arguments)?;
        let key = template.key;
        Ok(Issued { pem, key, serial })
    }

    fn home(&mut self, what: &str) -> Result<PathBuf, Error> {
        self.made += 1;
        let home = self.directory.join(format!("{:03}-{what}", self.made));
        fs::create_dir_all(&home)?;
        Ok(home)
    }

    pub fn key(&self, Key(name, kind): Key) -> Result<PathBuf, Error> {
        let path = self.directory.join(format!("{name}.key"));
        if !path.exists() {
            let (algorithm, option) = kind.split_once(' ').unwrap_or((kind, ""));
            let mut arguments = vec!["genpkey", "-algorithm", algorithm, "-out", text(&path)?];
            if !option.is_empty() {
                arguments.extend(["-pkeyopt", option]);
            }
            openssl(&arguments)?;
        }
        Ok(path)
    }

    /// A request brings the key; what it says is not heeded.
    fn request(&self, key: Key) -> Result<PathBuf, Error> {
        let path = self.directory.join(format!("{}.request", key.0));
        if !path.exists() {
            let key = self.key(key)?;
            let (key, out) = (text(&key)?, text(&path)?);
            openssl(&["req", "-new", "-key", key, "-subj", "/CN=x", "-out", out])?;
        }
        Ok(path)
    }
}

pub fn text(path: &Path) -> Result<&str, Error> {
    Ok(path.to_str().ok_or("the path is not UTF-8")?)
}

/// Runs `openssl`; an error if that fails.
fn openssl(arguments: &[&str]) -> Result<(), Error> {
    let output = run(arguments)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("openssl {}: {}\n{said}", arguments.join(" "), output.status).into())
}

/// Runs `openssl`, whatever comes of it.
pub fn run(arguments: &[&str]) -> Result<Output, Error> {
    Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| {
            format!(
                "cannot run the command openssl, the second opinion of these tests: {error}\n\
                 Install OpenSSL 3 (Debian: apt-get install openssl) or put it in the PATH"
            )
            .into()
        })
}
