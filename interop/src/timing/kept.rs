//! Samples that are collected over several runs, of one and the same build.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use openssl::sha::Sha256;

use super::{Experiment, Samples};
use crate::Error;

/// A directory with an experiment's samples, a file for each run.
pub struct Kept {
    directory: PathBuf,
    /// The line that begins each file: what the samples are of.
    header: String,
    classes: usize,
}

impl Kept {
    /// Below `directory`, in one of the experiment's own.
    ///
    /// # Errors
    /// Where the running program cannot be read.
    pub fn new(directory: &Path, experiment: &dyn Experiment) -> Result<Self, Error> {
        let classes: Vec<_> = experiment.classes().iter().collect();
        let mut digest = Sha256::new();
        io::copy(
            &mut File::open(std::env::current_exe()?)?,
            &mut Digesting(&mut digest),
        )?;
        for class in &classes {
            digest.update(class.name.as_bytes());
        }
        let digest: String = digest.finish()[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(Self {
            directory: directory.join(experiment.name()),
            header: format!("retrossl timing {digest}\n"),
            classes: classes.len(),
        })
    }

    /// Adds to what is there, and gives all of it.
    ///
    /// # Errors
    /// The file system's, and where a file is of another build, or of other classes.
    pub fn add(&self, measured: &Samples) -> Result<Samples, Error> {
        let named = |path: &Path, error: io::Error| format!("{}: {error}", path.display());
        fs::create_dir_all(&self.directory).map_err(|error| named(&self.directory, error))?;
        if measured.rounds() > 0 {
            let path = self.directory.join(std::process::id().to_string());
            let file = OpenOptions::new().create(true).append(true).open(&path);
            let mut file = file.map_err(|error| named(&path, error))?;
            if file.metadata()?.len() == 0 {
                file.write_all(self.header.as_bytes())?;
            }
            file.write_all(&measured.to_bytes())?;
        }
        let mut all = Samples::none(self.classes);
        for file in fs::read_dir(&self.directory)? {
            let path = file?.path();
            let bytes = fs::read(&path).map_err(|error| named(&path, error))?;
            let samples = bytes.strip_prefix(self.header.as_bytes()).ok_or_else(|| {
                format!(
                    "{} has samples of another build or of other classes: move it away, they do \
                     not go together",
                    path.display()
                )
            })?;
            all.add_bytes(samples);
        }
        Ok(all)
    }
}

/// What is written is digested.
struct Digesting<'d>(&'d mut Sha256);

impl Write for Digesting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_another_build_are_refused() {
        let directory =
            std::env::temp_dir().join(format!("retrossl-timing-{}", std::process::id()));
        let kept = |header: &str| Kept {
            directory: directory.clone(),
            header: format!("{header}\n"),
            classes: 2,
        };
        let samples = Samples(vec![vec![1, 2, 3], vec![4, 5, 6]]);
        assert_eq!(kept("one").add(&samples).unwrap(), samples);
        let twice = kept("one").add(&samples).unwrap();
        assert_eq!(twice.rounds(), 6);
        assert_eq!(kept("one").add(&Samples::none(2)).unwrap(), twice);
        let error = kept("another").add(&Samples::none(2)).unwrap_err();
        fs::remove_dir_all(&directory).unwrap();
        assert!(error.to_string().contains("another build"), "{error}");
    }
}
