module signet-x509-check

go 1.21
