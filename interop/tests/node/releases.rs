//! Which OpenSSL is inside.

use interop::Error;
use interop::peer::node::Release;

#[test]
fn each_has_its_openssl() -> Result<(), Error> {
    for (release, openssl) in [
        (Release::V0_10_0, "1.0.1e"),
        (Release::V0_10_33, "1.0.1j"),
        (Release::V0_12_0, "1.0.1l"),
    ] {
        assert_eq!(release.openssl()?, openssl, "{release:?}");
    }
    Ok(())
}
