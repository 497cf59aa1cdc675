/* SPDX-License-Identifier: Apache-2.0 */
/* The object table: numbers, names and types of the OMA registry's core objects and of the objects
 * that Anjay's test framework names. */
#include "lwm2m/lwm2m.h"

#include <stdlib.h>
#include <string.h>

static const struct object {
    uint16_t oid;
    const char *name;
} objects[] = {
    {0, "Security"},
    {1, "Server"},
    {2, "AccessControl"},
    {3, "Device"},
    {4, "ConnectivityMonitoring"},
    {5, "FirmwareUpdate"},
    {6, "Location"},
    {7, "ConnectivityStatistics"},
    {9, "SoftwareManagement"},
    {10, "CellularConnectivity"},
    {11, "ApnConnectionProfile"},
    {16, "Portfolio"},
    {19, "BinaryAppDataContainer"},
    {20, "EventLog"},
    {21, "OSCORE"},
    {23, "COSE"},
    {25, "Lwm2mGateway"},
    {3303, "Temperature"},
    {3313, "Accelerometer"},
    {3347, "PushButton"},
    {33605, "Test"},
    {33606, "ExtDevInfo"},
    {33607, "IpPing"},
    {33608, "GeoPoints"},
    {33609, "DownloadDiagnostics"},
    {33629, "AdvancedFirmwareUpdate"},
};

/* By object and resource: they are found by bisection. A range of 0..0 means any. */
static const struct resource resources[] = {
    {0, 0, SIGNET_TYPE_STRING, MANDATORY, 0, 0, "ServerURI"},
    {0, 1, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "Bootstrap"},
    {0, 2, SIGNET_TYPE_INTEGER, MANDATORY, 0, 4, "Mode"},
    {0, 3, SIGNET_TYPE_OPAQUE, 0, 0, 0, "PKOrIdentity"},
    {0, 4, SIGNET_TYPE_OPAQUE, 0, 0, 0, "ServerPKOrIdentity"},
    {0, 5, SIGNET_TYPE_OPAQUE, SECRET, 0, 0, "SecretKey"},
    {0, 6, SIGNET_TYPE_INTEGER, 0, 0, 255, "SMSSecurityMode"},
    {0, 7, SIGNET_TYPE_OPAQUE, 0, 0, 0, "SMSBindingKeyParameters"},
    {0, 8, SIGNET_TYPE_OPAQUE, SECRET, 0, 0, "SMSBindingSecretKeys"},
    {0, 9, SIGNET_TYPE_STRING, 0, 0, 0, "ServerSMSNumber"},
    {0, 10, SIGNET_TYPE_INTEGER, 0, 1, 65534, "ShortServerID"},
    {0, 11, SIGNET_TYPE_INTEGER, 0, 0, 0, "ClientHoldOffTime"},
    {0, 12, SIGNET_TYPE_INTEGER, 0, 0, 0, "BootstrapTimeout"},
    {0, 13, SIGNET_TYPE_UNSIGNED, 0, 0, 3, "MatchingType"},
    {0, 14, SIGNET_TYPE_STRING, 0, 0, 0, "SNI"},
    {0, 15, SIGNET_TYPE_UNSIGNED, 0, 0, 3, "CertificateUsage"},
    {0, 16, SIGNET_TYPE_UNSIGNED, MULTIPLE, 0, 0, "DtlsTlsCiphersuite"},
    {0, 17, SIGNET_TYPE_OBJLNK, 0, 0, 0, "OSCORESecurityMode"},
    {1, 0, SIGNET_TYPE_INTEGER, MANDATORY, 1, 65534, "ShortServerID"},
    {1, 1, SIGNET_TYPE_INTEGER, MANDATORY, 0, 2147483647, "Lifetime"},
    {1, 2, SIGNET_TYPE_INTEGER, 0, 0, 0, "DefaultMinPeriod"},
    {1, 3, SIGNET_TYPE_INTEGER, 0, 0, 0, "DefaultMaxPeriod"},
    {1, 4, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Disable"},
    {1, 5, SIGNET_TYPE_INTEGER, 0, 0, 0, "DisableTimeout"},
    {1, 6, SIGNET_TYPE_BOOLEAN, MANDATORY, 0, 0, "NotificationStoring"},
    {1, 7, SIGNET_TYPE_STRING, MANDATORY, 0, 0, "Binding"},
    {1, 8, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "RegistrationUpdateTrigger"},
    {1, 9, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "RequestBootstrapTrigger"},
    {1, 10, SIGNET_TYPE_OBJLNK, 0, 0, 0, "APNLink"},
    {1, 11, SIGNET_TYPE_UNSIGNED, 0, 0, 255, "TlsDtlsAlertCode"},
    {1, 12, SIGNET_TYPE_TIME, 0, 0, 0, "LastBootstrapped"},
    {1, 13, SIGNET_TYPE_UNSIGNED, 0, 0, 0, "RegistrationPriorityOrder"},
    {1, 14, SIGNET_TYPE_UNSIGNED, 0, 0, 0, "InitialRegistrationDelayTimer"},
    {1, 15, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "RegistrationFailureBlock"},
    {1, 16, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "BootstrapOnRegistrationFailure"},
    {1, 17, SIGNET_TYPE_UNSIGNED, 0, 0, 0, "ServerCommunicationRetryCount"},
    {1, 18, SIGNET_TYPE_UNSIGNED, 0, 0, 0, "ServerCommunicationRetryTimer"},
    {1, 19, SIGNET_TYPE_UNSIGNED, 0, 0, 0, "ServerCommunicationSequenceDelayTimer"},
    {1, 20, SIGNET_TYPE_UNSIGNED, 0, 0, 0, "ServerCommunicationSequenceRetryCount"},
    {1, 21, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "Trigger"},
    {1, 22, SIGNET_TYPE_STRING, 0, 0, 0, "PreferredTransport"},
    {1, 23, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "MuteSend"},
    {2, 0, SIGNET_TYPE_INTEGER, 0, 1, 65534, "TargetOID"},
    {2, 1, SIGNET_TYPE_INTEGER, 0, 0, 65535, "TargetIID"},
    {2, 2, SIGNET_TYPE_INTEGER, MULTIPLE, 0, 0, "ACL"},
    {2, 3, SIGNET_TYPE_INTEGER, 0, 0, 65535, "Owner"},
    {3, 0, SIGNET_TYPE_STRING, READ_ONLY, 0, 0, "Manufacturer"},
    {3, 1, SIGNET_TYPE_STRING, READ_ONLY, 0, 0, "ModelNumber"},
    {3, 2, SIGNET_TYPE_STRING, READ_ONLY, 0, 0, "SerialNumber"},
    {3, 3, SIGNET_TYPE_STRING, READ_ONLY, 0, 0, "FirmwareVersion"},
    {3, 4, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Reboot"},
    {3, 5, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "FactoryReset"},
    {3, 6, SIGNET_TYPE_INTEGER, MULTIPLE | READ_ONLY, 0, 0, "AvailablePowerSources"},
    {3, 7, SIGNET_TYPE_INTEGER, MULTIPLE | READ_ONLY, 0, 0, "PowerSourceVoltage"},
    {3, 8, SIGNET_TYPE_INTEGER, MULTIPLE | READ_ONLY, 0, 0, "PowerSourceCurrent"},
    {3, 9, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 100, "BatteryLevel"},
    {3, 10, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "MemoryFree"},
    {3, 11, SIGNET_TYPE_INTEGER, MULTIPLE | READ_ONLY, 0, 0, "ErrorCode"},
    {3, 12, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "ResetErrorCode"},
    {3, 13, SIGNET_TYPE_TIME, 0, 0, 0, "CurrentTime"},
    {3, 14, SIGNET_TYPE_STRING, 0, 0, 0, "UTCOffset"},
    {3, 15, SIGNET_TYPE_STRING, 0, 0, 0, "Timezone"},
    {3, 16, SIGNET_TYPE_STRING, READ_ONLY, 0, 0, "SupportedBindingAndModes"},
    {3, 17, SIGNET_TYPE_STRING, READ_ONLY, 0, 0, "DeviceType"},
    {3, 18, SIGNET_TYPE_STRING, READ_ONLY, 0, 0, "HardwareVersion"},
    {3, 19, SIGNET_TYPE_STRING, READ_ONLY, 0, 0, "SoftwareVersion"},
    {3, 20, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "BatteryStatus"},
    {3, 21, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "MemoryTotal"},
    {3, 22, SIGNET_TYPE_OBJLNK, MULTIPLE | READ_ONLY, 0, 0, "ExtDevInfo"},
    {4, 0, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "NetworkBearer"},
    {4, 1, SIGNET_TYPE_INTEGER, MULTIPLE | READ_ONLY, 0, 0, "AvailableNetworkBearer"},
    {4, 2, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "RadioSignalStrength"},
    {4, 3, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "LinkQuality"},
    {4, 4, SIGNET_TYPE_STRING, MULTIPLE | READ_ONLY, 0, 0, "IPAddresses"},
    {4, 5, SIGNET_TYPE_STRING, MULTIPLE | READ_ONLY, 0, 0, "RouterIPAddresses"},
    {4, 6, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 100, "LinkUtilization"},
    {4, 7, SIGNET_TYPE_STRING, MULTIPLE | READ_ONLY, 0, 0, "APN"},
    {4, 8, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "CellID"},
    {4, 9, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 999, "SMNC"},
    {4, 10, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 999, "SMCC"},
    {4, 11, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "SignalSNR"},
    {4, 12, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "LAC"},
    {5, 0, SIGNET_TYPE_OPAQUE, 0, 0, 0, "Package"},
    {5, 1, SIGNET_TYPE_STRING, 0, 0, 0, "PackageURI"},
    {5, 2, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Update"},
    {5, 3, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "State"},
    {5, 5, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "UpdateResult"},
    {5, 6, SIGNET_TYPE_STRING, READ_ONLY, 0, 0, "PackageName"},
    {5, 7, SIGNET_TYPE_STRING, READ_ONLY, 0, 0, "PackageVersion"},
    {5, 8, SIGNET_TYPE_INTEGER, MULTIPLE | READ_ONLY, 0, 0, "FirmwareUpdateProtocolSupport"},
    {5, 9, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "FirmwareUpdateDeliveryMethod"},
    {5, 10, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Cancel"},
    {5, 11, SIGNET_TYPE_INTEGER, 0, 0, 2, "Severity"},
    {5, 12, SIGNET_TYPE_TIME, 0, 0, 0, "LastStateChangeTime"},
    {5, 13, SIGNET_TYPE_UNSIGNED, 0, 0, 0, "MaxDeferPeriod"},
    {6, 0, SIGNET_TYPE_FLOAT, READ_ONLY, 0, 0, "Latitude"},
    {6, 1, SIGNET_TYPE_FLOAT, READ_ONLY, 0, 0, "Longitude"},
    {6, 2, SIGNET_TYPE_FLOAT, READ_ONLY, 0, 0, "Altitude"},
    {6, 3, SIGNET_TYPE_FLOAT, READ_ONLY, 0, 0, "Uncertainty"},
    {6, 4, SIGNET_TYPE_OPAQUE, READ_ONLY, 0, 0, "Velocity"},
    {6, 5, SIGNET_TYPE_TIME, READ_ONLY, 0, 0, "Timestamp"},
    {6, 6, SIGNET_TYPE_FLOAT, READ_ONLY, 0, 0, "Speed"},
    {7, 0, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "SMSTxCounter"},
    {7, 1, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "SMSRxCounter"},
    {7, 2, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "TxData"},
    {7, 3, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "RxData"},
    {7, 4, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "MaxMessageSize"},
    {7, 5, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "AverageMessageSize"},
    {7, 6, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Start"},
    {7, 7, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Stop"},
    {7, 8, SIGNET_TYPE_INTEGER, 0, 0, 0, "CollectionPeriod"},
    {7, 9, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "CollectionDuration"},
    {9, 0, SIGNET_TYPE_STRING, 0, 0, 0, "PkgName"},
    {9, 1, SIGNET_TYPE_STRING, 0, 0, 0, "PkgVersion"},
    {9, 2, SIGNET_TYPE_OPAQUE, 0, 0, 0, "Package"},
    {9, 3, SIGNET_TYPE_STRING, 0, 0, 0, "PackageURI"},
    {9, 4, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Install"},
    {9, 5, SIGNET_TYPE_OBJLNK, 0, 0, 0, "Checkpoint"},
    {9, 6, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Uninstall"},
    {9, 7, SIGNET_TYPE_INTEGER, 0, 0, 0, "UpdateState"},
    {9, 8, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "UpdateSupportedObjects"},
    {9, 9, SIGNET_TYPE_INTEGER, 0, 0, 0, "UpdateResult"},
    {9, 10, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Activate"},
    {9, 11, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Deactivate"},
    {9, 12, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "ActivationState"},
    {9, 13, SIGNET_TYPE_OBJLNK, 0, 0, 0, "PackageSettings"},
    {9, 14, SIGNET_TYPE_STRING, 0, 0, 0, "UserName"},
    {9, 15, SIGNET_TYPE_STRING, SECRET, 0, 0, "Password"},
    {9, 16, SIGNET_TYPE_STRING, 0, 0, 0, "StatusReason"},
    {9, 17, SIGNET_TYPE_OBJLNK, MULTIPLE, 0, 0, "SoftwareComponentLink"},
    {9, 18, SIGNET_TYPE_INTEGER, 0, 0, 0, "SoftwareComponentTreeLength"},
    {10, 0, SIGNET_TYPE_STRING, 0, 0, 0, "SMSCAddress"},
    {10, 1, SIGNET_TYPE_INTEGER, 0, 0, 0, "DisableRadioPeriod"},
    {10, 2, SIGNET_TYPE_STRING, 0, 0, 0, "ModuleActivationCode"},
    {10, 3, SIGNET_TYPE_OBJLNK, 0, 0, 0, "VendorSpecificExtensions"},
    {10, 4, SIGNET_TYPE_INTEGER, 0, 0, 0, "PSMTimer"},
    {10, 5, SIGNET_TYPE_INTEGER, 0, 0, 0, "ActiveTimer"},
    {10, 6, SIGNET_TYPE_INTEGER, 0, 0, 0, "ServingPLMNRateControl"},
    {10, 7, SIGNET_TYPE_OPAQUE, 0, 0, 0, "eDRXParamtersForIuMode"},
    {10, 8, SIGNET_TYPE_OPAQUE, 0, 0, 0, "eDRXParamtersForWBS1Mode"},
    {10, 9, SIGNET_TYPE_OPAQUE, 0, 0, 0, "eDRXParametersForNBS1Mode"},
    {10, 10, SIGNET_TYPE_OPAQUE, 0, 0, 0, "eDRXParametersForAGbMode"},
    {10, 11, SIGNET_TYPE_OBJLNK, MULTIPLE, 0, 0, "ActivatedProfileNames"},
    {10, 12, SIGNET_TYPE_INTEGER, 0, 0, 0, "CoverageEnhancementLevel"},
    {10, 13, SIGNET_TYPE_INTEGER, 0, 0, 0, "PowerSavingModes"},
    {10, 14, SIGNET_TYPE_INTEGER, 0, 0, 0, "ActivePowerSavingModes"},
    {11, 0, SIGNET_TYPE_STRING, 0, 0, 0, "ProfileName"},
    {11, 1, SIGNET_TYPE_STRING, 0, 0, 0, "APN"},
    {11, 2, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "AutoSelectAPNByDevice"},
    {11, 3, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "EnableStatus"},
    {11, 4, SIGNET_TYPE_INTEGER, 0, 0, 0, "AuthenticationType"},
    {11, 5, SIGNET_TYPE_STRING, 0, 0, 0, "UserName"},
    {11, 6, SIGNET_TYPE_STRING, SECRET, 0, 0, "Secret"},
    {11, 7, SIGNET_TYPE_STRING, 0, 0, 0, "ReconnectSchedule"},
    {11, 8, SIGNET_TYPE_STRING, MULTIPLE, 0, 0, "Validity"},
    {11, 9, SIGNET_TYPE_TIME, MULTIPLE, 0, 0, "ConnectionEstablishmentTime"},
    {11, 10, SIGNET_TYPE_INTEGER, MULTIPLE, 0, 0, "ConnectionEstablishmentResult"},
    {11, 11, SIGNET_TYPE_INTEGER, MULTIPLE, 0, 0, "ConnectionEstablishmentRejectCause"},
    {11, 12, SIGNET_TYPE_TIME, MULTIPLE, 0, 0, "ConnectionEndTime"},
    {11, 13, SIGNET_TYPE_INTEGER, 0, 0, 0, "TotalBytesSent"},
    {11, 14, SIGNET_TYPE_INTEGER, 0, 0, 0, "TotalBytesReceived"},
    {11, 15, SIGNET_TYPE_STRING, MULTIPLE, 0, 0, "IPAddress"},
    {11, 16, SIGNET_TYPE_STRING, MULTIPLE, 0, 0, "PrefixLength"},
    {11, 17, SIGNET_TYPE_STRING, MULTIPLE, 0, 0, "SubnetMask"},
    {11, 18, SIGNET_TYPE_STRING, MULTIPLE, 0, 0, "Gateway"},
    {11, 19, SIGNET_TYPE_STRING, MULTIPLE, 0, 0, "PrimaryDNSAddress"},
    {11, 20, SIGNET_TYPE_STRING, MULTIPLE, 0, 0, "SecondaryDNSAddress"},
    {11, 21, SIGNET_TYPE_INTEGER, MULTIPLE, 0, 0, "QCI"},
    {11, 22, SIGNET_TYPE_OBJLNK, 0, 0, 0, "VendorSpecificExtensions"},
    {11, 23, SIGNET_TYPE_INTEGER, 0, 0, 0, "TotalPacketsSent"},
    {11, 24, SIGNET_TYPE_INTEGER, 0, 0, 0, "PDNType"},
    {11, 25, SIGNET_TYPE_INTEGER, 0, 0, 0, "APNRateControl"},
    {11, 26, SIGNET_TYPE_INTEGER, 0, 0, 0, "ServingPLMNRateControl"},
    {11, 27, SIGNET_TYPE_INTEGER, 0, 0, 0, "UplinkTimeUnit"},
    {11, 28, SIGNET_TYPE_INTEGER, 0, 0, 0, "APNRateControlForExceptionData"},
    {11, 29, SIGNET_TYPE_INTEGER, 0, 0, 0, "APNExceptionDataUplinkTimeUnit"},
    {11, 30, SIGNET_TYPE_INTEGER, MULTIPLE, 0, 0, "SupportedRATTypes"},
    {11, 31, SIGNET_TYPE_STRING, MULTIPLE, 0, 0, "RDSApplicationID"},
    {11, 32, SIGNET_TYPE_INTEGER, MULTIPLE, 0, 0, "RDSDestinationPort"},
    {11, 33, SIGNET_TYPE_INTEGER, MULTIPLE, 0, 0, "RDSSourcePort"},
    {16, 0, SIGNET_TYPE_STRING, MULTIPLE, 0, 0, "Identity"},
    {16, 1, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "GetAuthData"},
    {16, 2, SIGNET_TYPE_OPAQUE, MULTIPLE, 0, 0, "AuthData"},
    {16, 3, SIGNET_TYPE_INTEGER, MULTIPLE, 0, 0, "AuthStatus"},
    {19, 0, SIGNET_TYPE_OPAQUE, MULTIPLE, 0, 0, "Data"},
    {19, 1, SIGNET_TYPE_INTEGER, 0, 0, 0, "DataPriority"},
    {19, 2, SIGNET_TYPE_TIME, 0, 0, 0, "DataCreationTime"},
    {19, 3, SIGNET_TYPE_STRING, 0, 0, 0, "DataDescription"},
    {19, 4, SIGNET_TYPE_STRING, 0, 0, 0, "DataFormat"},
    {19, 5, SIGNET_TYPE_INTEGER, 0, 0, 0, "AppId"},
    {20, 4010, SIGNET_TYPE_INTEGER, 0, 0, 0, "LogClass"},
    {20, 4011, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "LogStart"},
    {20, 4012, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "LogStop"},
    {20, 4013, SIGNET_TYPE_INTEGER, READ_ONLY, 0, 0, "LogStatus"},
    {20, 4014, SIGNET_TYPE_OPAQUE, READ_ONLY, 0, 0, "LogData"},
    {20, 4015, SIGNET_TYPE_INTEGER, 0, 0, 0, "LogDataFormat"},
    {21, 0, SIGNET_TYPE_OPAQUE, SECRET, 0, 0, "MasterSecret"},
    {21, 1, SIGNET_TYPE_OPAQUE, 0, 0, 0, "SenderID"},
    {21, 2, SIGNET_TYPE_OPAQUE, 0, 0, 0, "RecipientID"},
    {21, 3, SIGNET_TYPE_INTEGER, 0, 0, 0, "AEADAlgorithm"},
    {21, 4, SIGNET_TYPE_INTEGER, 0, 0, 0, "HMACAlgorithm"},
    {21, 5, SIGNET_TYPE_OPAQUE, SECRET, 0, 0, "MasterSalt"},
    {21, 6, SIGNET_TYPE_OPAQUE, 0, 0, 0, "IDContext"},
    {23, 0, SIGNET_TYPE_OPAQUE, SECRET, 0, 0, "COSEKeys"},
    {25, 0, SIGNET_TYPE_STRING, READ_ONLY, 0, 0, "DeviceID"},
    {25, 1, SIGNET_TYPE_STRING, 0, 0, 0, "Prefix"},
    {25, 3, SIGNET_TYPE_CORELNK, READ_ONLY, 0, 0, "IoTEndDeviceObjects"},
    {3303, 5601, SIGNET_TYPE_FLOAT, 0, 0, 0, "MinMeasuredValue"},
    {3303, 5602, SIGNET_TYPE_FLOAT, 0, 0, 0, "MaxMeasuredValue"},
    {3303, 5603, SIGNET_TYPE_FLOAT, 0, 0, 0, "MinRangeValue"},
    {3303, 5604, SIGNET_TYPE_FLOAT, 0, 0, 0, "MaxRangeValue"},
    {3303, 5605, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "ResetMinAndMaxMeasuredValues"},
    {3303, 5700, SIGNET_TYPE_FLOAT, 0, 0, 0, "SensorValue"},
    {3303, 5701, SIGNET_TYPE_STRING, 0, 0, 0, "SensorUnits"},
    {3303, 5750, SIGNET_TYPE_STRING, 0, 0, 0, "ApplicationType"},
    {3313, 5603, SIGNET_TYPE_FLOAT, 0, 0, 0, "MinRangeValue"},
    {3313, 5604, SIGNET_TYPE_FLOAT, 0, 0, 0, "MaxRangeValue"},
    {3313, 5701, SIGNET_TYPE_STRING, 0, 0, 0, "SensorUnits"},
    {3313, 5702, SIGNET_TYPE_FLOAT, 0, 0, 0, "XValue"},
    {3313, 5703, SIGNET_TYPE_FLOAT, 0, 0, 0, "YValue"},
    {3313, 5704, SIGNET_TYPE_FLOAT, 0, 0, 0, "ZValue"},
    {3347, 5500, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "DigitalInputState"},
    {3347, 5501, SIGNET_TYPE_INTEGER, 0, 0, 0, "DigitalInputCounter"},
    {3347, 5750, SIGNET_TYPE_STRING, 0, 0, 0, "ApplicationType"},
    {33605, 0, SIGNET_TYPE_INTEGER, 0, 0, 0, "Timestamp"},
    {33605, 1, SIGNET_TYPE_INTEGER, 0, 0, 0, "Counter"},
    {33605, 2, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "IncrementCounter"},
    {33605, 3, SIGNET_TYPE_INTEGER, MULTIPLE, 0, 0, "IntArray"},
    {33605, 4, SIGNET_TYPE_STRING, MULTIPLE, 0, 0, "LastExecArgsArray"},
    {33605, 5, SIGNET_TYPE_OPAQUE, 0, 0, 0, "ResBytes"},
    {33605, 6, SIGNET_TYPE_INTEGER, 0, 0, 0, "ResBytesSize"},
    {33605, 7, SIGNET_TYPE_INTEGER, 0, 0, 0, "ResBytesBurst"},
    {33605, 9, SIGNET_TYPE_INTEGER, MULTIPLE, 0, 0, "ResInitIntArray"},
    {33605, 10, SIGNET_TYPE_OPAQUE, 0, 0, 0, "ResRawBytes"},
    {33605, 11, SIGNET_TYPE_OPAQUE, MULTIPLE, 0, 0, "ResOpaqueArray"},
    {33605, 12, SIGNET_TYPE_INTEGER, 0, 0, 0, "ResInt"},
    {33605, 13, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "ResBool"},
    {33605, 14, SIGNET_TYPE_FLOAT, 0, 0, 0, "ResFloat"},
    {33605, 15, SIGNET_TYPE_STRING, 0, 0, 0, "ResString"},
    {33605, 16, SIGNET_TYPE_OBJLNK, 0, 0, 0, "ResObjlnk"},
    {33605, 17, SIGNET_TYPE_OPAQUE, 0, 0, 0, "ResBytesZeroBegin"},
    {33605, 18, SIGNET_TYPE_FLOAT, 0, 0, 0, "ResDouble"},
    {33605, 19, SIGNET_TYPE_UNSIGNED, 0, 0, 0, "ResUnsignedInt"},
    {33605, 20, SIGNET_TYPE_UNSIGNED, 0, 0, 0, "ResUnsignedLong"},
    {33605, 21, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "ToggleBool"},
    {33605, 22, SIGNET_TYPE_BOOLEAN, MULTIPLE, 0, 0, "BoolArray"},
    {33605, 23, SIGNET_TYPE_BOOLEAN, MULTIPLE, 0, 0, "ResInitBoolArray"},
    {33606, 0, SIGNET_TYPE_STRING, 0, 0, 0, "ObuId"},
    {33606, 1, SIGNET_TYPE_STRING, 0, 0, 0, "PlateNumber"},
    {33606, 2, SIGNET_TYPE_STRING, 0, 0, 0, "Imei"},
    {33606, 3, SIGNET_TYPE_STRING, 0, 0, 0, "Imsi"},
    {33606, 4, SIGNET_TYPE_STRING, 0, 0, 0, "Iccid"},
    {33606, 5, SIGNET_TYPE_INTEGER, 0, 0, 0, "GprsRssi"},
    {33606, 6, SIGNET_TYPE_INTEGER, 0, 0, 0, "GprsPlmn"},
    {33606, 7, SIGNET_TYPE_STRING, 0, 0, 0, "GprsUlModulation"},
    {33606, 8, SIGNET_TYPE_STRING, 0, 0, 0, "GprsDlModulation"},
    {33606, 9, SIGNET_TYPE_INTEGER, 0, 0, 0, "GprsUlFrequency"},
    {33606, 10, SIGNET_TYPE_INTEGER, 0, 0, 0, "GprsDlFrequency"},
    {33606, 11, SIGNET_TYPE_INTEGER, 0, 0, 0, "RxBytes"},
    {33606, 12, SIGNET_TYPE_INTEGER, 0, 0, 0, "TxBytes"},
    {33606, 13, SIGNET_TYPE_INTEGER, 0, 0, 0, "NumIncomingRetransmissions"},
    {33606, 14, SIGNET_TYPE_INTEGER, 0, 0, 0, "NumOutgoingRetransmissions"},
    {33606, 15, SIGNET_TYPE_INTEGER, 0, 0, 0, "Uptime"},
    {33607, 0, SIGNET_TYPE_STRING, 0, 0, 0, "Hostname"},
    {33607, 1, SIGNET_TYPE_INTEGER, 0, 0, 0, "Repetitions"},
    {33607, 2, SIGNET_TYPE_INTEGER, 0, 0, 0, "TimeoutMs"},
    {33607, 3, SIGNET_TYPE_INTEGER, 0, 0, 0, "BlockSize"},
    {33607, 4, SIGNET_TYPE_INTEGER, 0, 0, 0, "Dscp"},
    {33607, 5, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Run"},
    {33607, 6, SIGNET_TYPE_INTEGER, 0, 0, 0, "State"},
    {33607, 7, SIGNET_TYPE_INTEGER, 0, 0, 0, "SuccessCount"},
    {33607, 8, SIGNET_TYPE_INTEGER, 0, 0, 0, "ErrorCount"},
    {33607, 9, SIGNET_TYPE_INTEGER, 0, 0, 0, "AvgTimeMs"},
    {33607, 10, SIGNET_TYPE_INTEGER, 0, 0, 0, "MinTimeMs"},
    {33607, 11, SIGNET_TYPE_INTEGER, 0, 0, 0, "MaxTimeMs"},
    {33607, 12, SIGNET_TYPE_INTEGER, 0, 0, 0, "TimeStdevUs"},
    {33608, 0, SIGNET_TYPE_FLOAT, 0, 0, 0, "Latitude"},
    {33608, 1, SIGNET_TYPE_FLOAT, 0, 0, 0, "Longitude"},
    {33608, 2, SIGNET_TYPE_FLOAT, 0, 0, 0, "Radius"},
    {33608, 3, SIGNET_TYPE_STRING, 0, 0, 0, "Description"},
    {33608, 4, SIGNET_TYPE_BOOLEAN, 0, 0, 0, "Inside"},
    {33609, 0, SIGNET_TYPE_INTEGER, 0, 0, 0, "State"},
    {33609, 1, SIGNET_TYPE_STRING, 0, 0, 0, "Url"},
    {33609, 2, SIGNET_TYPE_INTEGER, 0, 0, 0, "RomTimeUs"},
    {33609, 3, SIGNET_TYPE_INTEGER, 0, 0, 0, "BomTimeUs"},
    {33609, 4, SIGNET_TYPE_INTEGER, 0, 0, 0, "EomTimeUs"},
    {33609, 5, SIGNET_TYPE_INTEGER, 0, 0, 0, "TotalBytes"},
    {33609, 6, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Run"},
    {33629, 0, SIGNET_TYPE_OPAQUE, 0, 0, 0, "Package"},
    {33629, 1, SIGNET_TYPE_STRING, 0, 0, 0, "PackageURI"},
    {33629, 2, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Update"},
    {33629, 3, SIGNET_TYPE_INTEGER, 0, 0, 0, "State"},
    {33629, 5, SIGNET_TYPE_INTEGER, 0, 0, 0, "UpdateResult"},
    {33629, 6, SIGNET_TYPE_STRING, 0, 0, 0, "PackageName"},
    {33629, 7, SIGNET_TYPE_STRING, 0, 0, 0, "PackageVersion"},
    {33629, 8, SIGNET_TYPE_INTEGER, MULTIPLE, 0, 0, "FirmwareUpdateProtocolSupport"},
    {33629, 9, SIGNET_TYPE_INTEGER, 0, 0, 0, "FirmwareUpdateDeliveryMethod"},
    {33629, 10, SIGNET_TYPE_EXECUTABLE, 0, 0, 0, "Cancel"},
    {33629, 11, SIGNET_TYPE_INTEGER, 0, 0, 2, "Severity"},
    {33629, 12, SIGNET_TYPE_TIME, 0, 0, 0, "LastStateChangeTime"},
    {33629, 13, SIGNET_TYPE_UNSIGNED, 0, 0, 0, "MaxDeferPeriod"},
    {33629, 14, SIGNET_TYPE_STRING, 0, 0, 0, "PartitionName"},
    {33629, 15, SIGNET_TYPE_STRING, 0, 0, 0, "CurrentVersion"},
    {33629, 16, SIGNET_TYPE_OBJLNK, MULTIPLE, 0, 0, "LinkedInstances"},
    {33629, 17, SIGNET_TYPE_OBJLNK, MULTIPLE, 0, 0, "ConflictingInstances"},
};

enum {
    OBJECTS = sizeof objects / sizeof *objects,
    RESOURCES = sizeof resources / sizeof *resources,
};

static int compare_ids(const void *a, const void *b)
{
    const struct resource *x = a, *y = b;

    return x->oid != y->oid ? x->oid - y->oid : x->rid - y->rid;
}

const struct resource *resource_find(uint16_t oid, uint16_t rid)
{
    const struct resource wanted = {.oid = oid, .rid = rid};

    return bsearch(&wanted, resources, RESOURCES, sizeof *resources, compare_ids);
}

const struct resource *resource_next(uint16_t oid, const struct resource *before)
{
    for (size_t i = before ? (size_t)(before - resources) + 1 : 0; i < RESOURCES; i++)
        if (resources[i].oid == oid)
            return &resources[i];
    return NULL;
}

const char *signet_object_name(uint16_t oid)
{
    for (size_t i = 0; i < OBJECTS; i++)
        if (objects[i].oid == oid)
            return objects[i].name;
    return NULL;
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

bool object_by_name(const char *name, size_t len, uint16_t *oid)
{
    for (size_t i = 0; i < OBJECTS; i++) {
        if (text_is(name, len, objects[i].name)) {
            *oid = objects[i].oid;
            return true;
        }
    }
    return false;
}

bool resource_by_name(uint16_t oid, const char *name, size_t len, uint16_t *rid)
{
    const struct resource *r = resource_next(oid, NULL);

    while (r && !text_is(name, len, r->name))
        r = resource_next(oid, r);
    if (r)
        *rid = r->rid;
    return r;
}

size_t object_names(const char **names, size_t cap)
{
    size_t n = 0;

    for (; n < OBJECTS && n < cap; n++)
        names[n] = objects[n].name;
    return n;
}

size_t resource_names(uint16_t oid, const char **names, size_t cap)
{
    const struct resource *r = NULL;
    size_t n = 0;

    while (n < cap && (r = resource_next(oid, r)))
        names[n++] = r->name;
    return n;
}
