// SPDX-License-Identifier: Apache-2.0
//! webpki-check CHAIN CERT...: devices' certificates as rustls takes them from a client. CHAIN is PEM, its last certificate is
//! the trust anchor.
use rustls_pki_types::{pem::PemObject, CertificateDer, UnixTime};
use webpki::{anchor_from_trusted_cert, EndEntityCert, KeyUsage, ALL_VERIFICATION_ALGS};

fn read(path: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(path).expect(path).map(|c| c.expect(path)).collect()
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let mut chain = read(&args[1]);
    let root = chain.pop().expect("a root");
    let anchors = [anchor_from_trusted_cert(&root).expect("an anchor")];
    for path in &args[2..] {
        let der = read(path).remove(0);
        let cert = EndEntityCert::try_from(&der).expect(path);
        cert.verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, &chain, UnixTime::now(), KeyUsage::client_auth(), None, None).expect(path);
        println!("{path}");
    }
}
