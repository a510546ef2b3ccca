// fault_of(): what is wrong with the files before anything is connected.
#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdio>
#include <fstream>

#include "gateway/smpp/stream.hpp"
#include "tests/unit/smpp_session/certificates.hpp"

using namespace topupd::smpp;
using namespace topupd::smpp::test;

TEST_CASE("files that cannot be used together are told by name") {
  const authority ours("Our CA");
  const auto client = ours.issue({.name = "client"});
  const auto other = ours.issue({.name = "other"});
  const auto empty = ours.path("empty.pem");
  std::ofstream(empty) << "no PEM here\n";
  const auto away = ours.path("away.pem");
  const auto locked = ours.path("locked.key");
  {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    std::FILE* file = std::fopen(locked.c_str(), "w");
    REQUIRE(file != nullptr);
    unsigned char passphrase[] = "let-me";
    CHECK(PEM_write_PrivateKey(file, key, EVP_aes_128_cbc(), passphrase, 6, nullptr, nullptr) == 1);
    CHECK(std::fclose(file) == 0);
    EVP_PKEY_free(key);
  }
  struct row {
    tls_options options;
    tls_side side;
    std::string fault;
  };
  const auto at_client = tls_side::client;
  const auto at_server = tls_side::server;
  const row rows[] = {
      {{"", "", "", ""}, at_client, ""},
      {{"", ours.file(), "", ""}, at_client, ""},
      {{"", ours.file(), client.certificate, client.key}, at_client, ""},
      {{"", "", client.certificate, client.key}, at_server, ""},
      {{"", away, "", ""}, at_client, "cannot read " + away + ": No such file or directory"},
      {{"", empty, "", ""}, at_client, empty + " holds no certificate in PEM"},
      {{"", "", away, client.key}, at_client, "cannot read " + away + ": No such file or directory"},
      {{"", "", client.certificate, away}, at_client, "cannot read " + away + ": No such file or directory"},
      {{"", "", empty, client.key}, at_client, empty + " holds no certificate in PEM"},
      {{"", "", client.key, client.key}, at_client, client.key + " holds no certificate in PEM"},
      {{"", "", client.certificate, client.certificate},
       at_client,
       client.certificate + " holds no private key in PEM"},
      {{"", "", client.certificate, other.key},
       at_client,
       "the key in " + other.key + " is not that of the certificate in " + client.certificate},
      {{"", "", client.certificate, locked},
       at_client,
       locked + " is encrypted: it must hold a key without a passphrase"},
      {{"", "", client.certificate, ""}, at_client, "certificate_file and key_file go together"},
      {{"", "", "", client.key}, at_client, "certificate_file and key_file go together"},
      {{"", "", "", ""}, at_server, "a TLS server needs a certificate"},
  };
  for (const auto& it : rows) CHECK(fault_of(it.options, it.side) == it.fault);
}
