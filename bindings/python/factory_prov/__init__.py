# SPDX-License-Identifier: Apache-2.0
"""The package name that scripts for Anjay's provisioning tool import; Signet does the work."""
