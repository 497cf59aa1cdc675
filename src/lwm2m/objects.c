/* SPDX-License-Identifier: Apache-2.0 */
/* The object table: numbers, names and types of the OMA registry's core objects and of the objects
 * that Anjay's test framework names. A range of 0..0 means any. */
#include "lwm2m/objects.h"

#include <string.h>

static const struct resource object_0[] = {
    {0, SIGNET_TYPE_STRING, MANDATORY, 0, 0, "ServerURI"},
    {1, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "Bootstrap"},
    {2, SIGNET_TYPE_INTEGER, MANDATORY, 0, 4, "Mode"},
    {3, SIGNET_TYPE_OPAQUE, 0, 0, 0, "PKOrIdentity"},
    {4, SIGNET_TYPE_OPAQUE, 0, 0, 0, "ServerPKOrIdentity"},
    {5, SIGNET_TYPE_OPAQUE, SECRET, 0, 0, "SecretKey"},
    {6, SIGNET_TYPE_INTEGER, 0, 0, 255, "SMSSecurityMode"},
    {7, SIGNET_TYPE_OPAQUE, 0, 0, 0, "SMSBindingKeyParameters"},
    {8, SIGNET_TYPE_OPAQUE, SECRET, 0, 0, "SMSBindingSecretKeys"},
    {9, SIGNET_TYPE_STRING, 0, 0, 0, "ServerSMSNumber"},
    {10, SIGNET_TYPE_INTEGER, 0, 1, 65534, "ShortServerID"},
    {11, SIGNET_TYPE_INTEGER, 0, 0, 0, "ClientHoldOffTime"},
    {12, SIGNET_TYPE_INTEGER, 0, 0, 0, "BootstrapTimeout"},
    {13, SIGNET_TYPE_UNSIGNED, 0, 0, 3, "MatchingType"},
    {14, SIGNET_TYPE_STRING, 0, 0, 0, "SNI"},
    {15, SIGNET_TYPE_UNSIGNED, 0, 0, 3, "CertificateUsage"},
    {16, SIGNET_TYPE_UNSIGNED, MULTIPLE, 0, 0, "DtlsTlsCiphersuite"},
    {17, SIGNET_TYPE_OBJLNK, 0, 0, 0, "OSCORESecurityMode"},
};

static const struct resource object_1[] = {
    {0, SIGNET_TYPE_INTEGER, MANDATORY, 1, 65534, "ShortServerID"},
    {1, SIGNET_TYPE_INTEGER, MANDATORY, 0, 2147483647, "Lifetime"},
    {2, SIGNET_TYPE_INTEGER, 0, 0, 0, "DefaultMinPeriod"},
    {3, SIGNET_TYPE_INTEGER, 0, 0, 0, "DefaultMaxPeriod"},
    {4, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Disable"},
    {5, SIGNET_TYPE_INTEGER, 0, 0, 0, "DisableTimeout"},
    {6, SIGNET_TYPE_BOOLEAN, MANDATORY, 0, 0, "NotificationStoring"},
    {7, SIGNET_TYPE_STRING, MANDATORY, 0, 0, "Binding"},
    {8, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "RegistrationUpdateTrigger"},
    {9, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "RequestBootstrapTrigger"},
    {10, SIGNET_TYPE_OBJLNK, 0, 0, 0, "APNLink"},
    {11, SIGNET_TYPE_UNSIGNED, 0, 0, 255, "TlsDtlsAlertCode"},
    {12, SIGNET_TYPE_TIME, 0, 0, 0, "LastBootstrapped"},
    {13, SIGNET_TYPE_UNSIGNED, 0, 0, 0, "RegistrationPriorityOrder"},
    {14, SIGNET_TYPE_UNSIGNED, 0, 0, 0, "InitialRegistrationDelayTimer"},
    {15, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "RegistrationFailureBlock"},
    {16, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "BootstrapOnRegistrationFailure"},
    {17, SIGNET_TYPE_UNSIGNED, 0, 0, 0, "ServerCommunicationRetryCount"},
    {18, SIGNET_TYPE_UNSIGNED, 0, 0, 0, "ServerCommunicationRetryTimer"},
    {19, SIGNET_TYPE_UNSIGNED, 0, 0, 0, "ServerCommunicationSequenceDelayTimer"},
    {20, SIGNET_TYPE_UNSIGNED, 0, 0, 0, "ServerCommunicationSequenceRetryCount"},
    {21, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "Trigger"},
    {22, SIGNET_TYPE_STRING, 0, 0, 0, "PreferredTransport"},
    {23, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "MuteSend"},
};

static const struct resource object_2[] = {
    {0, SIGNET_TYPE_INTEGER, 0, 1, 65534, "TargetOID"},
    {1, SIGNET_TYPE_INTEGER, 0, 0, 65535, "TargetIID"},
    {2, SIGNET_TYPE_INTEGER, MULTIPLE, 0, 0, "ACL"},
    {3, SIGNET_TYPE_INTEGER, 0, 0, 65535, "Owner"},
};

static const struct resource object_3[] = {
    {0, SIGNET_TYPE_STRING, READ_ONLY, 0, 0, "Manufacturer"},
    {1, SIGNET_TYPE_STRING, READ_ONLY, 0, 0, "ModelNumber"},
    {2, SIGNET_TYPE_STRING, READ_ONLY, 0, 0, "SerialNumber"},
    {3, SIGNET_TYPE_STRING, READ_ONLY, 0, 0, "FirmwareVersion"},
    {4, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Reboot"},
    {5, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "FactoryReset"},
    {6, SIGNET_TYPE_INTEGER, MULTIPLE | READ_ONLY, 0, 0, "AvailablePowerSources"},
    {7, SIGNET_TYPE_INTEGER, MULTIPLE | READ_ONLY, 0, 0, "PowerSourceVoltage"},
    {8, SIGNET_TYPE_INTEGER, MULTIPLE | READ_ONLY, 0, 0, "PowerSourceCurrent"},
    {9, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 100, "BatteryLevel"},
    {10, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "MemoryFree"},
    {11, SIGNET_TYPE_INTEGER, MULTIPLE | READ_ONLY, 0, 0, "ErrorCode"},
    {12, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "ResetErrorCode"},
    {13, SIGNET_TYPE_TIME, 0, 0, 0, "CurrentTime"},
    {14, SIGNET_TYPE_STRING, 0, 0, 0, "UTCOffset"},
    {15, SIGNET_TYPE_STRING, 0, 0, 0, "Timezone"},
    {16, SIGNET_TYPE_STRING, READ_ONLY, 0, 0, "SupportedBindingAndModes"},
    {17, SIGNET_TYPE_STRING, READ_ONLY, 0, 0, "DeviceType"},
    {18, SIGNET_TYPE_STRING, READ_ONLY, 0, 0, "HardwareVersion"},
    {19, SIGNET_TYPE_STRING, READ_ONLY, 0, 0, "SoftwareVersion"},
    {20, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "BatteryStatus"},
    {21, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "MemoryTotal"},
    {22, SIGNET_TYPE_OBJLNK, MULTIPLE | READ_ONLY, 0, 0, "ExtDevInfo"},
};

static const struct resource object_4[] = {
    {0, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "NetworkBearer"},
    {1, SIGNET_TYPE_INTEGER, MULTIPLE | READ_ONLY, 0, 0, "AvailableNetworkBearer"},
    {2, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "RadioSignalStrength"},
    {3, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "LinkQuality"},
    {4, SIGNET_TYPE_STRING, MULTIPLE | READ_ONLY, 0, 0, "IPAddresses"},
    {5, SIGNET_TYPE_STRING, MULTIPLE | READ_ONLY, 0, 0, "RouterIPAddresses"},
    {6, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 100, "LinkUtilization"},
    {7, SIGNET_TYPE_STRING, MULTIPLE | READ_ONLY, 0, 0, "APN"},
    {8, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "CellID"},
    {9, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 999, "SMNC"},
    {10, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 999, "SMCC"},
    {11, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "SignalSNR"},
    {12, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "LAC"},
};

static const struct resource object_5[] = {
    {0, SIGNET_TYPE_OPAQUE, 0, 0, 0, "Package"},
    {1, SIGNET_TYPE_STRING, 0, 0, 0, "PackageURI"},
    {2, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Update"},
    {3, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "State"},
    {5, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "UpdateResult"},
    {6, SIGNET_TYPE_STRING, READ_ONLY, 0, 0, "PackageName"},
    {7, SIGNET_TYPE_STRING, READ_ONLY, 0, 0, "PackageVersion"},
    {8, SIGNET_TYPE_INTEGER, MULTIPLE | READ_ONLY, 0, 0, "FirmwareUpdateProtocolSupport"},
    {9, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "FirmwareUpdateDeliveryMethod"},
    {10, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Cancel"},
    {11, SIGNET_TYPE_INTEGER, 0, 0, 2, "Severity"},
    {12, SIGNET_TYPE_TIME, 0, 0, 0, "LastStateChangeTime"},
    {13, SIGNET_TYPE_UNSIGNED, 0, 0, 0, "MaxDeferPeriod"},
};

static const struct resource object_6[] = {
    {0, SIGNET_TYPE_FLOAT, READ_ONLY, 0, 0, "Latitude"},
    {1, SIGNET_TYPE_FLOAT, READ_ONLY, 0, 0, "Longitude"},
    {2, SIGNET_TYPE_FLOAT, READ_ONLY, 0, 0, "Altitude"},
    {3, SIGNET_TYPE_FLOAT, READ_ONLY, 0, 0, "Uncertainty"},
    {4, SIGNET_TYPE_OPAQUE, READ_ONLY, 0, 0, "Velocity"},
    {5, SIGNET_TYPE_TIME, READ_ONLY, 0, 0, "Timestamp"},
    {6, SIGNET_TYPE_FLOAT, READ_ONLY, 0, 0, "Speed"},
};

static const struct resource object_7[] = {
    {0, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "SMSTxCounter"},
    {1, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "SMSRxCounter"},
    {2, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "TxData"},
    {3, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "RxData"},
    {4, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "MaxMessageSize"},
    {5, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "AverageMessageSize"},
    {6, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Start"},
    {7, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Stop"},
    {8, SIGNET_TYPE_INTEGER, 0, 0, 0, "CollectionPeriod"},
    {9, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "CollectionDuration"},
};

static const struct resource object_9[] = {
    {0, SIGNET_TYPE_STRING, 0, 0, 0, "PkgName"},
    {1, SIGNET_TYPE_STRING, 0, 0, 0, "PkgVersion"},
    {2, SIGNET_TYPE_OPAQUE, 0, 0, 0, "Package"},
    {3, SIGNET_TYPE_STRING, 0, 0, 0, "PackageURI"},
    {4, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Install"},
    {5, SIGNET_TYPE_OBJLNK, 0, 0, 0, "Checkpoint"},
    {6, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Uninstall"},
    {7, SIGNET_TYPE_INTEGER, 0, 0, 0, "UpdateState"},
    {8, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "UpdateSupportedObjects"},
    {9, SIGNET_TYPE_INTEGER, 0, 0, 0, "UpdateResult"},
    {10, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Activate"},
    {11, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Deactivate"},
    {12, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "ActivationState"},
    {13, SIGNET_TYPE_OBJLNK, 0, 0, 0, "PackageSettings"},
    {14, SIGNET_TYPE_STRING, 0, 0, 0, "UserName"},
    {15, SIGNET_TYPE_STRING, SECRET, 0, 0, "Password"},
    {16, SIGNET_TYPE_STRING, 0, 0, 0, "StatusReason"},
    {17, SIGNET_TYPE_OBJLNK, MULTIPLE, 0, 0, "SoftwareComponentLink"},
    {18, SIGNET_TYPE_INTEGER, 0, 0, 0, "SoftwareComponentTreeLength"},
};

static const struct resource object_10[] = {
    {0, SIGNET_TYPE_STRING, 0, 0, 0, "SMSCAddress"},
    {1, SIGNET_TYPE_INTEGER, 0, 0, 0, "DisableRadioPeriod"},
    {2, SIGNET_TYPE_STRING, 0, 0, 0, "ModuleActivationCode"},
    {3, SIGNET_TYPE_OBJLNK, 0, 0, 0, "VendorSpecificExtensions"},
    {4, SIGNET_TYPE_INTEGER, 0, 0, 0, "PSMTimer"},
    {5, SIGNET_TYPE_INTEGER, 0, 0, 0, "ActiveTimer"},
    {6, SIGNET_TYPE_INTEGER, 0, 0, 0, "ServingPLMNRateControl"},
    {7, SIGNET_TYPE_OPAQUE, 0, 0, 0, "eDRXParamtersForIuMode"},
    {8, SIGNET_TYPE_OPAQUE, 0, 0, 0, "eDRXParamtersForWBS1Mode"},
    {9, SIGNET_TYPE_OPAQUE, 0, 0, 0, "eDRXParametersForNBS1Mode"},
    {10, SIGNET_TYPE_OPAQUE, 0, 0, 0, "eDRXParametersForAGbMode"},
    {11, SIGNET_TYPE_OBJLNK, MULTIPLE, 0, 0, "ActivatedProfileNames"},
    {12, SIGNET_TYPE_INTEGER, 0, 0, 0, "CoverageEnhancementLevel"},
    {13, SIGNET_TYPE_INTEGER, 0, 0, 0, "PowerSavingModes"},
    {14, SIGNET_TYPE_INTEGER, 0, 0, 0, "ActivePowerSavingModes"},
};

static const struct resource object_11[] = {
    {0, SIGNET_TYPE_STRING, 0, 0, 0, "ProfileName"},
    {1, SIGNET_TYPE_STRING, 0, 0, 0, "APN"},
    {2, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "AutoSelectAPNByDevice"},
    {3, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "EnableStatus"},
    {4, SIGNET_TYPE_INTEGER, 0, 0, 0, "AuthenticationType"},
    {5, SIGNET_TYPE_STRING, 0, 0, 0, "UserName"},
    {6, SIGNET_TYPE_STRING, SECRET, 0, 0, "Secret"},
    {7, SIGNET_TYPE_STRING, 0, 0, 0, "ReconnectSchedule"},
    {8, SIGNET_TYPE_STRING, MULTIPLE, 0, 0, "Validity"},
    {9, SIGNET_TYPE_TIME, MULTIPLE, 0, 0, "ConnectionEstablishmentTime"},
    {10, SIGNET_TYPE_INTEGER, MULTIPLE, 0, 0, "ConnectionEstablishmentResult"},
    {11, SIGNET_TYPE_INTEGER, MULTIPLE, 0, 0, "ConnectionEstablishmentRejectCause"},
    {12, SIGNET_TYPE_TIME, MULTIPLE, 0, 0, "ConnectionEndTime"},
    {13, SIGNET_TYPE_INTEGER, 0, 0, 0, "TotalBytesSent"},
    {14, SIGNET_TYPE_INTEGER, 0, 0, 0, "TotalBytesReceived"},
    {15, SIGNET_TYPE_STRING, MULTIPLE, 0, 0, "IPAddress"},
    {16, SIGNET_TYPE_STRING, MULTIPLE, 0, 0, "PrefixLength"},
    {17, SIGNET_TYPE_STRING, MULTIPLE, 0, 0, "SubnetMask"},
    {18, SIGNET_TYPE_STRING, MULTIPLE, 0, 0, "Gateway"},
    {19, SIGNET_TYPE_STRING, MULTIPLE, 0, 0, "PrimaryDNSAddress"},
    {20, SIGNET_TYPE_STRING, MULTIPLE, 0, 0, "SecondaryDNSAddress"},
    {21, SIGNET_TYPE_INTEGER, MULTIPLE, 0, 0, "QCI"},
    {22, SIGNET_TYPE_OBJLNK, 0, 0, 0, "VendorSpecificExtensions"},
    {23, SIGNET_TYPE_INTEGER, 0, 0, 0, "TotalPacketsSent"},
    {24, SIGNET_TYPE_INTEGER, 0, 0, 0, "PDNType"},
    {25, SIGNET_TYPE_INTEGER, 0, 0, 0, "APNRateControl"},
    {26, SIGNET_TYPE_INTEGER, 0, 0, 0, "ServingPLMNRateControl"},
    {27, SIGNET_TYPE_INTEGER, 0, 0, 0, "UplinkTimeUnit"},
    {28, SIGNET_TYPE_INTEGER, 0, 0, 0, "APNRateControlForExceptionData"},
    {29, SIGNET_TYPE_INTEGER, 0, 0, 0, "APNExceptionDataUplinkTimeUnit"},
    {30, SIGNET_TYPE_INTEGER, MULTIPLE, 0, 0, "SupportedRATTypes"},
    {31, SIGNET_TYPE_STRING, MULTIPLE, 0, 0, "RDSApplicationID"},
    {32, SIGNET_TYPE_INTEGER, MULTIPLE, 0, 0, "RDSDestinationPort"},
    {33, SIGNET_TYPE_INTEGER, MULTIPLE, 0, 0, "RDSSourcePort"},
};

static const struct resource object_16[] = {
    {0, SIGNET_TYPE_STRING, MULTIPLE, 0, 0, "Identity"},
    {1, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "GetAuthData"},
    {2, SIGNET_TYPE_OPAQUE, MULTIPLE, 0, 0, "AuthData"},
    {3, SIGNET_TYPE_INTEGER, MULTIPLE, 0, 0, "AuthStatus"},
};

static const struct resource object_19[] = {
    {0, SIGNET_TYPE_OPAQUE, MULTIPLE, 0, 0, "Data"},
    {1, SIGNET_TYPE_INTEGER, 0, 0, 0, "DataPriority"},
    {2, SIGNET_TYPE_TIME, 0, 0, 0, "DataCreationTime"},
    {3, SIGNET_TYPE_STRING, 0, 0, 0, "DataDescription"},
    {4, SIGNET_TYPE_STRING, 0, 0, 0, "DataFormat"},
    {5, SIGNET_TYPE_INTEGER, 0, 0, 0, "AppId"},
};

static const struct resource object_20[] = {
    {4010, SIGNET_TYPE_INTEGER, 0, 0, 0, "LogClass"},
    {4011, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "LogStart"},
    {4012, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "LogStop"},
    {4013, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "LogStatus"},
    {4014, SIGNET_TYPE_OPAQUE, READ_ONLY, 0, 0, "LogData"},
    {4015, SIGNET_TYPE_INTEGER, 0, 0, 0, "LogDataFormat"},
};

static const struct resource object_21[] = {
    {0, SIGNET_TYPE_OPAQUE, SECRET, 0, 0, "MasterSecret"},
    {1, SIGNET_TYPE_OPAQUE, 0, 0, 0, "SenderID"},
    {2, SIGNET_TYPE_OPAQUE, 0, 0, 0, "RecipientID"},
    {3, SIGNET_TYPE_INTEGER, 0, 0, 0, "AEADAlgorithm"},
    {4, SIGNET_TYPE_INTEGER, 0, 0, 0, "HMACAlgorithm"},
    {5, SIGNET_TYPE_OPAQUE, SECRET, 0, 0, "MasterSalt"},
    {6, SIGNET_TYPE_OPAQUE, 0, 0, 0, "IDContext"},
};

static const struct resource object_23[] = {
    {0, SIGNET_TYPE_OPAQUE, SECRET, 0, 0, "COSEKeys"},
};

static const struct resource object_25[] = {
    {0, SIGNET_TYPE_STRING, READ_ONLY, 0, 0, "DeviceID"},
    {1, SIGNET_TYPE_STRING, 0, 0, 0, "Prefix"},
    {3, SIGNET_TYPE_CORELNK, READ_ONLY, 0, 0, "IoTEndDeviceObjects"},
};

static const struct resource object_3303[] = {
    {5601, SIGNET_TYPE_FLOAT, 0, 0, 0, "MinMeasuredValue"},
    {5602, SIGNET_TYPE_FLOAT, 0, 0, 0, "MaxMeasuredValue"},
    {5603, SIGNET_TYPE_FLOAT, 0, 0, 0, "MinRangeValue"},
    {5604, SIGNET_TYPE_FLOAT, 0, 0, 0, "MaxRangeValue"},
    {5605, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "ResetMinAndMaxMeasuredValues"},
    {5700, SIGNET_TYPE_FLOAT, 0, 0, 0, "SensorValue"},
    {5701, SIGNET_TYPE_STRING, 0, 0, 0, "SensorUnits"},
    {5750, SIGNET_TYPE_STRING, 0, 0, 0, "ApplicationType"},
};

static const struct resource object_3313[] = {
    {5603, SIGNET_TYPE_FLOAT, 0, 0, 0, "MinRangeValue"},
    {5604, SIGNET_TYPE_FLOAT, 0, 0, 0, "MaxRangeValue"},
    {5701, SIGNET_TYPE_STRING, 0, 0, 0, "SensorUnits"},
    {5702, SIGNET_TYPE_FLOAT, 0, 0, 0, "XValue"},
    {5703, SIGNET_TYPE_FLOAT, 0, 0, 0, "YValue"},
    {5704, SIGNET_TYPE_FLOAT, 0, 0, 0, "ZValue"},
};

static const struct resource object_3347[] = {
    {5500, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "DigitalInputState"},
    {5501, SIGNET_TYPE_INTEGER, 0, 0, 0, "DigitalInputCounter"},
    {5750, SIGNET_TYPE_STRING, 0, 0, 0, "ApplicationType"},
};

static const struct resource object_33605[] = {
    {0, SIGNET_TYPE_INTEGER, 0, 0, 0, "Timestamp"},
    {1, SIGNET_TYPE_INTEGER, 0, 0, 0, "Counter"},
    {2, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "IncrementCounter"},
    {3, SIGNET_TYPE_INTEGER, MULTIPLE, 0, 0, "IntArray"},
    {4, SIGNET_TYPE_STRING, MULTIPLE, 0, 0, "LastExecArgsArray"},
    {5, SIGNET_TYPE_OPAQUE, 0, 0, 0, "ResBytes"},
    {6, SIGNET_TYPE_INTEGER, 0, 0, 0, "ResBytesSize"},
    {7, SIGNET_TYPE_INTEGER, 0, 0, 0, "ResBytesBurst"},
    {9, SIGNET_TYPE_INTEGER, MULTIPLE, 0, 0, "ResInitIntArray"},
    {10, SIGNET_TYPE_OPAQUE, 0, 0, 0, "ResRawBytes"},
    {11, SIGNET_TYPE_OPAQUE, MULTIPLE, 0, 0, "ResOpaqueArray"},
    {12, SIGNET_TYPE_INTEGER, 0, 0, 0, "ResInt"},
    {13, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "ResBool"},
    {14, SIGNET_TYPE_FLOAT, 0, 0, 0, "ResFloat"},
    {15, SIGNET_TYPE_STRING, 0, 0, 0, "ResString"},
    {16, SIGNET_TYPE_OBJLNK, 0, 0, 0, "ResObjlnk"},
    {17, SIGNET_TYPE_OPAQUE, 0, 0, 0, "ResBytesZeroBegin"},
    {18, SIGNET_TYPE_FLOAT, 0, 0, 0, "ResDouble"},
    {19, SIGNET_TYPE_UNSIGNED, 0, 0, 0, "ResUnsignedInt"},
    {20, SIGNET_TYPE_UNSIGNED, 0, 0, 0, "ResUnsignedLong"},
    {21, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "ToggleBool"},
    {22, SIGNET_TYPE_BOOLEAN, MULTIPLE, 0, 0, "BoolArray"},
    {23, SIGNET_TYPE_BOOLEAN, MULTIPLE, 0, 0, "ResInitBoolArray"},
};

static const struct resource object_33606[] = {
    {0, SIGNET_TYPE_STRING, 0, 0, 0, "ObuId"},
    {1, SIGNET_TYPE_STRING, 0, 0, 0, "PlateNumber"},
    {2, SIGNET_TYPE_STRING, 0, 0, 0, "Imei"},
    {3, SIGNET_TYPE_STRING, 0, 0, 0, "Imsi"},
    {4, SIGNET_TYPE_STRING, 0, 0, 0, "Iccid"},
    {5, SIGNET_TYPE_INTEGER, 0, 0, 0, "GprsRssi"},
    {6, SIGNET_TYPE_INTEGER, 0, 0, 0, "GprsPlmn"},
    {7, SIGNET_TYPE_STRING, 0, 0, 0, "GprsUlModulation"},
    {8, SIGNET_TYPE_STRING, 0, 0, 0, "GprsDlModulation"},
    {9, SIGNET_TYPE_INTEGER, 0, 0, 0, "GprsUlFrequency"},
    {10, SIGNET_TYPE_INTEGER, 0, 0, 0, "GprsDlFrequency"},
    {11, SIGNET_TYPE_INTEGER, 0, 0, 0, "RxBytes"},
    {12, SIGNET_TYPE_INTEGER, 0, 0, 0, "TxBytes"},
    {13, SIGNET_TYPE_INTEGER, 0, 0, 0, "NumIncomingRetransmissions"},
    {14, SIGNET_TYPE_INTEGER, 0, 0, 0, "NumOutgoingRetransmissions"},
    {15, SIGNET_TYPE_INTEGER, 0, 0, 0, "Uptime"},
};

static const struct resource object_33607[] = {
    {0, SIGNET_TYPE_STRING, 0, 0, 0, "Hostname"},
    {1, SIGNET_TYPE_INTEGER, 0, 0, 0, "Repetitions"},
    {2, SIGNET_TYPE_INTEGER, 0, 0, 0, "TimeoutMs"},
    {3, SIGNET_TYPE_INTEGER, 0, 0, 0, "BlockSize"},
    {4, SIGNET_TYPE_INTEGER, 0, 0, 0, "Dscp"},
    {5, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Run"},
    {6, SIGNET_TYPE_INTEGER, 0, 0, 0, "State"},
    {7, SIGNET_TYPE_INTEGER, 0, 0, 0, "SuccessCount"},
    {8, SIGNET_TYPE_INTEGER, 0, 0, 0, "ErrorCount"},
    {9, SIGNET_TYPE_INTEGER, 0, 0, 0, "AvgTimeMs"},
    {10, SIGNET_TYPE_INTEGER, 0, 0, 0, "MinTimeMs"},
    {11, SIGNET_TYPE_INTEGER, 0, 0, 0, "MaxTimeMs"},
    {12, SIGNET_TYPE_INTEGER, 0, 0, 0, "TimeStdevUs"},
};

static const struct resource object_33608[] = {
    {0, SIGNET_TYPE_FLOAT, 0, 0, 0, "Latitude"}, {1, SIGNET_TYPE_FLOAT, 0, 0, 0, "Longitude"},
    {2, SIGNET_TYPE_FLOAT, 0, 0, 0, "Radius"},   {3, SIGNET_TYPE_STRING, 0, 0, 0, "Description"},
    {4, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "Inside"},
};

static const struct resource object_33609[] = {
    {0, SIGNET_TYPE_INTEGER, 0, 0, 0, "State"},     {1, SIGNET_TYPE_STRING, 0, 0, 0, "Url"},
    {2, SIGNET_TYPE_INTEGER, 0, 0, 0, "RomTimeUs"}, {3, SIGNET_TYPE_INTEGER, 0, 0, 0, "BomTimeUs"},
    {4, SIGNET_TYPE_INTEGER, 0, 0, 0, "EomTimeUs"}, {5, SIGNET_TYPE_INTEGER, 0, 0, 0, "TotalBytes"},
    {6, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Run"},
};

static const struct resource object_33629[] = {
    {0, SIGNET_TYPE_OPAQUE, 0, 0, 0, "Package"},
    {1, SIGNET_TYPE_STRING, 0, 0, 0, "PackageURI"},
    {2, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Update"},
    {3, SIGNET_TYPE_INTEGER, 0, 0, 0, "State"},
    {5, SIGNET_TYPE_INTEGER, 0, 0, 0, "UpdateResult"},
    {6, SIGNET_TYPE_STRING, 0, 0, 0, "PackageName"},
    {7, SIGNET_TYPE_STRING, 0, 0, 0, "PackageVersion"},
    {8, SIGNET_TYPE_INTEGER, MULTIPLE, 0, 0, "FirmwareUpdateProtocolSupport"},
    {9, SIGNET_TYPE_INTEGER, 0, 0, 0, "FirmwareUpdateDeliveryMethod"},
    {10, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Cancel"},
    {11, SIGNET_TYPE_INTEGER, 0, 0, 2, "Severity"},
    {12, SIGNET_TYPE_TIME, 0, 0, 0, "LastStateChangeTime"},
    {13, SIGNET_TYPE_UNSIGNED, 0, 0, 0, "MaxDeferPeriod"},
    {14, SIGNET_TYPE_STRING, 0, 0, 0, "PartitionName"},
    {15, SIGNET_TYPE_STRING, 0, 0, 0, "CurrentVersion"},
    {16, SIGNET_TYPE_OBJLNK, MULTIPLE, 0, 0, "LinkedInstances"},
    {17, SIGNET_TYPE_OBJLNK, MULTIPLE, 0, 0, "ConflictingInstances"},
};

#define OBJECT(oid, name)                                                                          \
    {                                                                                              \
        oid, name, object_##oid, sizeof object_##oid / sizeof *object_##oid                        \
    }

static const struct object objects[] = {
    OBJECT(0, "Security"),
    OBJECT(1, "Server"),
    OBJECT(2, "AccessControl"),
    OBJECT(3, "Device"),
    OBJECT(4, "ConnectivityMonitoring"),
    OBJECT(5, "FirmwareUpdate"),
    OBJECT(6, "Location"),
    OBJECT(7, "ConnectivityStatistics"),
    OBJECT(9, "SoftwareManagement"),
    OBJECT(10, "CellularConnectivity"),
    OBJECT(11, "ApnConnectionProfile"),
    OBJECT(16, "Portfolio"),
    OBJECT(19, "BinaryAppDataContainer"),
    OBJECT(20, "EventLog"),
    OBJECT(21, "OSCORE"),
    OBJECT(23, "COSE"),
    OBJECT(25, "Lwm2mGateway"),
    OBJECT(3303, "Temperature"),
    OBJECT(3313, "Accelerometer"),
    OBJECT(3347, "PushButton"),
    OBJECT(33605, "Test"),
    OBJECT(33606, "ExtDevInfo"),
    OBJECT(33607, "IpPing"),
    OBJECT(33608, "GeoPoints"),
    OBJECT(33609, "DownloadDiagnostics"),
    OBJECT(33629, "AdvancedFirmwareUpdate"),
};

enum { OBJECTS = sizeof objects / sizeof *objects };

const struct object *object_find(uint16_t oid)
{
    for (size_t i = 0; i < OBJECTS; i++)
        if (objects[i].oid == oid)
            return &objects[i];
    return NULL;
}

const struct resource *resource_find(uint16_t oid, uint16_t rid)
{
    const struct object *object = object_find(oid);

    for (size_t i = 0; object && i < object->count; i++)
        if (object->resources[i].rid == rid)
            return &object->resources[i];
    return NULL;
}

const char *signet_object_name(uint16_t oid)
{
    const struct object *object = object_find(oid);

    return object ? object->name : NULL;
}

const char *signet_resource_name(uint16_t oid, uint16_t rid)
{
    const struct resource *resource = resource_find(oid, rid);

    return resource ? resource->name : NULL;
}

enum signet_type signet_resource_type(uint16_t oid, uint16_t rid)
{
    const struct resource *resource = resource_find(oid, rid);

    return resource ? (enum signet_type)resource->type : SIGNET_TYPE_NONE;
}

bool signet_resource_is_secret(uint16_t oid, uint16_t rid)
{
    const struct resource *resource = resource_find(oid, rid);

    return resource && (resource->flags & SECRET);
}

static bool is_named(const char *known, const char *name, size_t len)
{
    return strlen(known) == len && memcmp(known, name, len) == 0;
}

bool object_by_name(const char *name, size_t len, uint16_t *oid)
{
    for (size_t i = 0; i < OBJECTS; i++) {
        if (is_named(objects[i].name, name, len)) {
            *oid = objects[i].oid;
            return true;
        }
    }
    return false;
}

bool resource_by_name(uint16_t oid, const char *name, size_t len, uint16_t *rid)
{
    const struct object *object = object_find(oid);

    for (size_t i = 0; object && i < object->count; i++) {
        if (is_named(object->resources[i].name, name, len)) {
            *rid = object->resources[i].rid;
            return true;
        }
    }
    return false;
}

size_t object_names(const char **names, size_t cap)
{
    size_t n = 0;

    while (n < OBJECTS && n < cap) {
        names[n] = objects[n].name;
        n++;
    }
    return n;
}

size_t resource_names(uint16_t oid, const char **names, size_t cap)
{
    const struct object *object = object_find(oid);
    size_t n = 0;

    while (object && n < object->count && n < cap) {
        names[n] = object->resources[n].name;
        n++;
    }
    return n;
}
