/* SPDX-License-Identifier: Apache-2.0 */
/* Objects 9 to 25 that a factory writes. */
#include "lwm2m/core.h"

static const struct signet_resource software_management[] = {
    {0, STRING, R | MANDATORY, 10, "0..255", "PkgName", ""},
    {1, STRING, R | MANDATORY, 10, "0..255", "PkgVersion", ""},
    {2, OPAQUE, W, 10, "", "Package", ""},
    {3, STRING, W, 10, "0..255", "PackageURI", ""},
    {4, EXEC, MANDATORY, 10, "", "Install", ""},
    {5, OBJLNK, R, 10, "", "Checkpoint", ""},
    {6, EXEC, MANDATORY, 10, "", "Uninstall", ""},
    {7, INTEGER, R | MANDATORY, 10, "0..4", "UpdateState", ""},
    {8, BOOLEAN, RW, 10, "", "UpdateSupportedObjects", ""},
    {9, INTEGER, R | MANDATORY, 10, "0..200", "UpdateResult", ""},
    {10, EXEC, MANDATORY, 10, "", "Activate", ""},
    {11, EXEC, MANDATORY, 10, "", "Deactivate", ""},
    {12, BOOLEAN, R | MANDATORY, 10, "", "ActivationState", ""},
    {13, OBJLNK, RW, 10, "", "PackageSettings", ""},
    {14, STRING, W, 10, "0..255", "UserName", ""},
    {15, STRING, W | SECRET, 10, "0..255", "Password", ""},
    {16, STRING, R, 10, "", "StatusReason", ""},
    {17, OBJLNK, R | MULTIPLE, 10, "", "SoftwareComponentLink", ""},
    {18, INTEGER, R, 10, "0..255", "SoftwareComponentTreeLength", ""},
};

/* ptool has names of a draft for 12 to 14: they stay what they are in a configuration, so that
 * ActivePowerSavingModes is 14, and not 13 as in the registry. */
static const struct signet_resource cellular_connectivity[] = {
    {0, STRING, RW, 10, "", "SMSCAddress", ""},
    {1, INTEGER, RW, 10, "0..65535", "DisableRadioPeriod", ""},
    {2, STRING, RW | SECRET, 10, "", "ModuleActivationCode", ""},
    {3, OBJLNK, R, 10, "", "VendorSpecificExtensions", ""},
    {4, INTEGER, RW, 10, "", "PSMTimer", ""},
    {5, INTEGER, RW, 10, "", "ActiveTimer", ""},
    {6, INTEGER, R, 10, "", "ServingPLMNRateControl", ""},
    {7, OPAQUE, RW, 10, "0..255", "eDRXParamtersForIuMode", "EDRXParametersForIuMode"},
    {8, OPAQUE, RW, 10, "0..255", "eDRXParamtersForWBS1Mode", "EDRXParametersForWBS1Mode"},
    {9, OPAQUE, RW, 10, "0..255", "eDRXParametersForNBS1Mode", ""},
    {10, OPAQUE, RW, 10, "0..255", "eDRXParametersForAGbMode", ""},
    {11, OBJLNK, R | MULTIPLE | MANDATORY, 10, "", "ActivatedProfileNames", ""},
    {12, UNSIGNED, R, 11, "0..255", "SupportedPowerSavingModes", "CoverageEnhancementLevel"},
    {13, UNSIGNED, RW, 11, "0..255", "PowerSavingModes", ""},
    {14, UNSIGNED, RW, 11, "0..255", "ReleaseAssistanceIndicationUsage", "ActivePowerSavingModes"},
};

static const struct signet_resource apn_connection_profile[] = {
    {0, STRING, RW | MANDATORY, 10, "", "ProfileName", ""},
    {1, STRING, RW, 10, "", "APN", ""},
    {2, BOOLEAN, RW, 10, "", "AutoSelectAPNByDevice", ""},
    {3, BOOLEAN, RW, 10, "", "EnableStatus", ""},
    {4, INTEGER, RW | MANDATORY, 10, "", "AuthenticationType", ""},
    {5, STRING, RW, 10, "", "UserName", ""},
    {6, STRING, RW | SECRET, 10, "", "Secret", ""},
    {7, STRING, RW, 10, "", "ReconnectSchedule", ""},
    {8, STRING, RW | MULTIPLE, 10, "", "Validity", "ValidityMCCMNC"},
    {9, TIME, R | MULTIPLE, 10, "", "ConnectionEstablishmentTime", ""},
    {10, INTEGER, R | MULTIPLE, 10, "", "ConnectionEstablishmentResult", ""},
    {11, INTEGER, R | MULTIPLE, 10, "0..111", "ConnectionEstablishmentRejectCause", ""},
    {12, TIME, R | MULTIPLE, 10, "", "ConnectionEndTime", ""},
    {13, INTEGER, R, 10, "", "TotalBytesSent", ""},
    {14, INTEGER, R, 10, "", "TotalBytesReceived", ""},
    {15, STRING, RW | MULTIPLE, 10, "", "IPAddress", ""},
    {16, STRING, RW | MULTIPLE, 10, "", "PrefixLength", ""},
    {17, STRING, RW | MULTIPLE, 10, "", "SubnetMask", ""},
    {18, STRING, RW | MULTIPLE, 10, "", "Gateway", ""},
    {19, STRING, RW | MULTIPLE, 10, "", "PrimaryDNSAddress", ""},
    {20, STRING, RW | MULTIPLE, 10, "", "SecondaryDNSAddress", ""},
    {21, INTEGER, R, 10, "1..9", "QCI", ""},
    {22, OBJLNK, R, 10, "", "VendorSpecificExtensions", ""},
    {23, INTEGER, R, 10, "", "TotalPacketsSent", ""},
    {24, INTEGER, RW, 10, "", "PDNType", ""},
    {25, INTEGER, R, 10, "", "APNRateControl", ""},
    {26, UNSIGNED, RW, 11, "", "ServingPLMNRateControl", ""},
    {27, UNSIGNED, RW, 11, "0..4", "UplinkTimeUnit", ""},
    {28, INTEGER, R, 11, "", "APNRateControlForExceptionData", ""},
    {29, UNSIGNED, RW, 11, "0..4", "APNExceptionDataUplinkTimeUnit", ""},
    {30, UNSIGNED, RW | MULTIPLE, 11, "", "SupportedRATTypes", ""},
    {31, STRING, RW | MULTIPLE, 11, "", "RDSApplicationID", ""},
    {32, INTEGER, RW | MULTIPLE, 11, "0..15", "RDSDestinationPort", ""},
    {33, INTEGER, RW | MULTIPLE, 11, "0..15", "RDSSourcePort", ""},
};

static const struct signet_resource wlan_connectivity[] = {
    {0, STRING, RW | MANDATORY, 10, "", "InterfaceName", ""},
    {1, BOOLEAN, RW | MANDATORY, 10, "", "Enable", ""},
    {2, INTEGER, RW, 10, "", "RadioEnabled", ""},
    {3, INTEGER, R | MANDATORY, 10, "", "Status", ""},
    {4, STRING, R | MANDATORY, 10, "12", "BSSID", ""},
    {5, STRING, RW | MANDATORY, 10, "1..32", "SSID", ""},
    {6, BOOLEAN, RW, 10, "", "BroadcastSSID", ""},
    {7, BOOLEAN, RW, 10, "", "BeaconEnabled", ""},
    {8, INTEGER, RW | MANDATORY, 10, "", "Mode", ""},
    {9, INTEGER, RW | MANDATORY, 10, "0..255", "Channel", ""},
    {10, BOOLEAN, RW, 10, "", "AutoChannel", ""},
    {11, INTEGER, RW | MULTIPLE, 10, "", "SupportedChannels", ""},
    {12, INTEGER, RW | MULTIPLE, 10, "", "ChannelsInUse", ""},
    {13, STRING, RW, 10, "0..3", "RegulatoryDomain", ""},
    {14, INTEGER, RW | MANDATORY, 10, "", "Standard", ""},
    {15, INTEGER, RW | MANDATORY, 10, "", "AuthenticationMode", ""},
    {16, INTEGER, RW, 10, "", "EncryptionMode", ""},
    {17, STRING, W | SECRET, 10, "64", "WPAPreSharedKey", ""},
    {18, STRING, W | SECRET, 10, "1..64", "WPAKeyPhrase", ""},
    {19, INTEGER, RW, 10, "", "WEPEncryptionType", ""},
    {20, INTEGER, RW, 10, "1..4", "WEPKeyIndex", ""},
    {21, STRING, W | SECRET, 10, "1..64", "WEPKeyPhrase", ""},
    {22, STRING, W | SECRET, 10, "10,26", "WEPKey1", ""},
    {23, STRING, W | SECRET, 10, "10,26", "WEPKey2", ""},
    {24, STRING, W | SECRET, 10, "10,26", "WEPKey3", ""},
    {25, STRING, W | SECRET, 10, "10,26", "WEPKey4", ""},
    {26, STRING, RW, 10, "1..256", "RADIUSServer", ""},
    {27, INTEGER, RW, 10, "", "RADIUSServerPort", ""},
    {28, STRING, W | SECRET, 10, "1..256", "RADIUSSecret", ""},
    {29, BOOLEAN, R, 10, "", "WMMSupported", ""},
    {30, BOOLEAN, RW, 10, "", "WMMEnabled", ""},
    {31, BOOLEAN, RW, 10, "", "MACControlEnabled", ""},
    {32, STRING, RW | MULTIPLE, 10, "12", "MACAddressList", ""},
    {33, INTEGER, R, 10, "", "TotalBytesSent", ""},
    {34, INTEGER, R, 10, "", "TotalBytesReceived", ""},
    {35, INTEGER, R, 10, "", "TotalPacketsSent", ""},
    {36, INTEGER, R, 10, "", "TotalPacketsReceived", ""},
    {37, INTEGER, R, 10, "", "TransmitErrors", ""},
    {38, INTEGER, R, 10, "", "ReceiveErrors", ""},
    {39, INTEGER, R, 10, "", "UnicastPacketsSent", ""},
    {40, INTEGER, R, 10, "", "UnicastPacketsReceived", ""},
    {41, INTEGER, R, 10, "", "MulticastPacketsSent", ""},
    {42, INTEGER, R, 10, "", "MulticastPacketsReceived", ""},
    {43, INTEGER, R, 10, "", "BroadcastPacketsSent", ""},
    {44, INTEGER, R, 10, "", "BroadcastPacketsReceived", ""},
    {45, INTEGER, R, 10, "", "DiscardPacketsSent", ""},
    {46, INTEGER, R, 10, "", "DiscardPacketsReceived", ""},
    {47, INTEGER, R, 10, "", "UnknownPacketsReceived", ""},
    {48, OBJLNK, R, 10, "", "VendorSpecificExtensions", ""},
};

static const struct signet_resource bearer_selection[] = {
    {0, INTEGER, RW | MULTIPLE, 10, "0..100", "PreferredCommunicationsBearer", ""},
    {1, INTEGER, RW, 10, "-110..-48", "AcceptableRSSIGSM", ""},
    {2, INTEGER, RW, 10, "-120..-25", "AcceptableRSCPUMTS", ""},
    {3, INTEGER, RW, 10, "-140..-44", "AcceptableRSRPLTE", ""},
    {4, INTEGER, RW, 10, "", "AcceptableRSSI1xEVDO", ""},
    {5, STRING, RW, 10, "", "CellLockList", ""},
    {6, STRING, RW, 10, "", "OperatorList", ""},
    {7, BOOLEAN, RW, 10, "", "OperatorListMode", ""},
    {8, STRING, R, 10, "", "ListOfAvailablePLMNs", ""},
    {9, OBJLNK, R, 10, "", "VendorSpecificExtensions", ""},
    {10, INTEGER, RW, 10, "-158..-44", "AcceptableRSRPNBIoT", ""},
    {11, INTEGER, RW, 10, "", "HigherPriorityPLMNSearchTimer", ""},
    {12, BOOLEAN, RW, 10, "", "AttachWithoutPDNConnection", ""},
};

static const struct signet_resource software_component[] = {
    {0, STRING, R, 10, "0..255", "ComponentIdentity", ""},
    {1, OPAQUE, R, 10, "", "ComponentPack", ""},
    {2, STRING, R, 10, "0..255", "ComponentVersion", ""},
    {3, EXEC, 0, 10, "", "Activate", ""},
    {4, EXEC, 0, 10, "", "Deactivate", ""},
    {5, BOOLEAN, R, 10, "", "ActivationState", ""},
};

static const struct signet_resource portfolio[] = {
    {0, STRING, RW | MULTIPLE | MANDATORY, 10, "", "Identity", ""},
    {1, EXEC, 0, 10, "", "GetAuthData", ""},
    {2, OPAQUE, R | MULTIPLE, 10, "", "AuthData", ""},
    {3, INTEGER, R, 10, "0..2", "AuthStatus", ""},
};

static const struct signet_resource binary_app_data_container[] = {
    {0, OPAQUE, RW | MULTIPLE | MANDATORY, 10, "", "Data", ""},
    {1, INTEGER, RW, 10, "0..255", "DataPriority", ""},
    {2, TIME, RW, 10, "", "DataCreationTime", ""},
    {3, STRING, RW, 10, "0..32", "DataDescription", ""},
    {4, STRING, RW, 10, "0..32", "DataFormat", ""},
    {5, INTEGER, RW, 10, "0..65535", "AppId", ""},
};

static const struct signet_resource event_log[] = {
    {4010, INTEGER, RW, 10, "0..255", "LogClass", ""},
    {4011, EXEC, 0, 10, "", "LogStart", ""},
    {4012, EXEC, 0, 10, "", "LogStop", ""},
    {4013, INTEGER, R, 10, "0..255", "LogStatus", ""},
    {4014, OPAQUE, R | MANDATORY, 10, "", "LogData", ""},
    {4015, INTEGER, RW, 10, "0..255", "LogDataFormat", ""},
    {4016, OPAQUE, 0, 11, "", "LogDataIncremental", ""},
    {4017, UNSIGNED, RW, 11, "", "LogDataIncrementalMinimumSendInterval", ""},
};

static const struct signet_resource oscore[] = {
    {0, OPAQUE, MANDATORY | SECRET | TEXT_TOO, 11, "", "MasterSecret", "OSCOREMasterSecret"},
    {1, OPAQUE, MANDATORY | TEXT_TOO, 11, "", "SenderID", "OSCORESenderID"},
    {2, OPAQUE, MANDATORY | TEXT_TOO, 11, "", "RecipientID", "OSCORERecipientID"},
    {3, INTEGER, 0, 11, "", "AEADAlgorithm", "OSCOREAEADAlgorithm"},
    {4, INTEGER, 0, 11, "", "HMACAlgorithm", "OSCOREHMACAlgorithm"},
    {5, OPAQUE, SECRET | TEXT_TOO, 11, "", "MasterSalt", "OSCOREMasterSalt"},
    {6, OPAQUE, TEXT_TOO, 11, "", "IDContext", "OSCOREIDContext"},
};

static const struct signet_resource cose[] = {
    {0, STRING, MANDATORY, 12, "", "KID", "COSEKeys"},
    {1, INTEGER, MANDATORY, 12, "", "AEADAlgorithm", ""},
    {2, STRING, MANDATORY | SECRET, 12, "", "Key", ""},
};

static const struct signet_resource mqtt_server[] = {
    {0, BOOLEAN, RW, 12, "", "WillRetain", ""},
    {1, STRING, RW, 12, "", "WillTopic", ""},
    {2, STRING, RW, 12, "", "WillMessage", ""},
    {3, BOOLEAN, RW, 12, "", "CleanSession", ""},
    {4, UNSIGNED, RW, 12, "0..3", "WillQoS", ""},
    {5, UNSIGNED, RW, 12, "0..65535", "KeepAlive", ""},
    {6, STRING, RW | MANDATORY, 12, "", "ClientIdentifier", ""},
    {7, STRING, RW, 12, "", "UserName", ""},
    {8, OPAQUE, RW | SECRET, 12, "", "Password", ""},
};

static const struct signet_resource gateway[] = {
    {0, STRING, R | MANDATORY, 12, "", "DeviceID", ""},
    {1, STRING, R | MANDATORY, 12, "", "Prefix", ""},
    {2, OBJLNK, R, 12, "", "RoutingTableEntry", ""},
    {3, CORELNK, R | MANDATORY, 11, "", "IoTEndDeviceObjects", "IoTDeviceObjects"},
};

const struct signet_object core_9_to_25[] = {
    OBJECT(9, "SoftwareManagement", "", "1.0", 10, MULTIPLE, software_management),
    OBJECT(10, "CellularConnectivity", "", "1.1", 10, 0, cellular_connectivity),
    OBJECT(11, "ApnConnectionProfile", "APNConnectionProfile", "1.1", 10, MULTIPLE,
           apn_connection_profile),
    OBJECT(12, "WLANConnectivity", "", "1.1", 10, MULTIPLE, wlan_connectivity),
    OBJECT(13, "BearerSelection", "", "1.1", 10, 0, bearer_selection),
    OBJECT(14, "SoftwareComponent", "", "1.0", 10, MULTIPLE, software_component),
    OBJECT(16, "Portfolio", "", "1.0", 10, MULTIPLE, portfolio),
    OBJECT(19, "BinaryAppDataContainer", "", "1.0", 10, MULTIPLE, binary_app_data_container),
    OBJECT(20, "EventLog", "", "2.1", 10, MULTIPLE | FIRMWARE, event_log),
    OBJECT(21, "OSCORE", "", "2.0", 11, MULTIPLE, oscore),
    OBJECT(23, "COSE", "", "1.0", 12, MULTIPLE, cose),
    OBJECT(24, "MQTTServer", "", "1.0", 12, MULTIPLE, mqtt_server),
    OBJECT(25, "Lwm2mGateway", "Gateway", "2.0", 11, MULTIPLE, gateway),
    {0},
};
