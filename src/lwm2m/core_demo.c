/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of Anjay's demo and test clients: three of IPSO, and AVSystem's own. */
#include "lwm2m/core.h"

static const struct signet_resource temperature[] = {
    {5518, TIME, R, 10, "", "Timestamp", ""},
    {5601, FLOAT, R, 10, "", "MinMeasuredValue", ""},
    {5602, FLOAT, R, 10, "", "MaxMeasuredValue", ""},
    {5603, FLOAT, R, 10, "", "MinRangeValue", ""},
    {5604, FLOAT, R, 10, "", "MaxRangeValue", ""},
    {5605, EXEC, 0, 10, "", "ResetMinAndMaxMeasuredValues", ""},
    {5700, FLOAT, R | MANDATORY, 10, "", "SensorValue", ""},
    {5701, STRING, R, 10, "", "SensorUnits", ""},
    {5750, STRING, RW, 10, "", "ApplicationType", ""},
    {6042, INTEGER, R, 10, "0..23", "MeasurementQualityIndicator", ""},
    {6049, INTEGER, R, 10, "0..100", "MeasurementQualityLevel", ""},
    {6050, FLOAT, R, 10, "0..1", "FractionalTimestamp", ""},
};

static const struct signet_resource accelerometer[] = {
    {5518, TIME, R, 10, "", "Timestamp", ""},
    {5603, FLOAT, R, 10, "", "MinRangeValue", ""},
    {5604, FLOAT, R, 10, "", "MaxRangeValue", ""},
    {5701, STRING, R, 10, "", "SensorUnits", ""},
    {5702, FLOAT, R | MANDATORY, 10, "", "XValue", ""},
    {5703, FLOAT, R, 10, "", "YValue", ""},
    {5704, FLOAT, R, 10, "", "ZValue", ""},
    {5750, STRING, RW, 10, "", "ApplicationType", ""},
    {6042, INTEGER, R, 10, "0..23", "MeasurementQualityIndicator", ""},
    {6049, INTEGER, R, 10, "0..100", "MeasurementQualityLevel", ""},
    {6050, FLOAT, R, 10, "0..1", "FractionalTimestamp", ""},
};

static const struct signet_resource push_button[] = {
    {5500, BOOLEAN, R | MANDATORY, 10, "", "DigitalInputState", ""},
    {5501, INTEGER, R, 10, "", "DigitalInputCounter", ""},
    {5518, TIME, R, 10, "", "Timestamp", ""},
    {5750, STRING, RW, 10, "", "ApplicationType", ""},
    {6050, FLOAT, R, 10, "0..1", "FractionalTimestamp", ""},
};

static const struct signet_resource test[] = {
    {0, INTEGER, RW, 10, "", "Timestamp", ""},
    {1, INTEGER, RW, 10, "", "Counter", ""},
    {2, EXEC, 0, 10, "", "IncrementCounter", ""},
    {3, INTEGER, RW | MULTIPLE, 10, "", "IntArray", ""},
    {4, STRING, RW | MULTIPLE, 10, "", "LastExecArgsArray", ""},
    {5, OPAQUE, RW, 10, "", "ResBytes", ""},
    {6, INTEGER, RW, 10, "", "ResBytesSize", ""},
    {7, INTEGER, RW, 10, "", "ResBytesBurst", ""},
    {9, INTEGER, RW | MULTIPLE, 10, "", "ResInitIntArray", ""},
    {10, OPAQUE, RW, 10, "", "ResRawBytes", ""},
    {11, OPAQUE, RW | MULTIPLE, 10, "", "ResOpaqueArray", ""},
    {12, INTEGER, RW, 10, "", "ResInt", ""},
    {13, BOOLEAN, RW, 10, "", "ResBool", ""},
    {14, FLOAT, RW, 10, "", "ResFloat", ""},
    {15, STRING, RW, 10, "", "ResString", ""},
    {16, OBJLNK, RW, 10, "", "ResObjlnk", ""},
    {17, BOOLEAN, RW, 10, "", "ResBytesZeroBegin", ""},
    {18, FLOAT, RW, 10, "", "ResDouble", ""},
    {19, UNSIGNED, RW, 10, "", "ResUnsignedInt", ""},
    {20, UNSIGNED, RW, 10, "", "ResUnsignedLong", ""},
    {21, EXEC, 0, 10, "", "ToggleBool", ""},
    {22, BOOLEAN, RW | MULTIPLE, 10, "", "BoolArray", ""},
    {23, BOOLEAN, RW | MULTIPLE, 10, "", "ResInitBoolArray", ""},
};

static const struct signet_resource ext_dev_info[] = {
    {0, STRING, RW, 10, "", "ObuId", ""},
    {1, STRING, RW, 10, "", "PlateNumber", ""},
    {2, STRING, RW, 10, "", "Imei", ""},
    {3, STRING, RW, 10, "", "Imsi", ""},
    {4, STRING, RW, 10, "", "Iccid", ""},
    {5, INTEGER, RW, 10, "", "GprsRssi", ""},
    {6, INTEGER, RW, 10, "", "GprsPlmn", ""},
    {7, STRING, RW, 10, "", "GprsUlModulation", ""},
    {8, STRING, RW, 10, "", "GprsDlModulation", ""},
    {9, INTEGER, RW, 10, "", "GprsUlFrequency", ""},
    {10, INTEGER, RW, 10, "", "GprsDlFrequency", ""},
    {11, INTEGER, RW, 10, "", "RxBytes", ""},
    {12, INTEGER, RW, 10, "", "TxBytes", ""},
    {13, INTEGER, RW, 10, "", "NumIncomingRetransmissions", ""},
    {14, INTEGER, RW, 10, "", "NumOutgoingRetransmissions", ""},
    {15, INTEGER, RW, 10, "", "Uptime", ""},
};

static const struct signet_resource ip_ping[] = {
    {0, STRING, RW, 10, "", "Hostname", ""},      {1, INTEGER, RW, 10, "", "Repetitions", ""},
    {2, INTEGER, RW, 10, "", "TimeoutMs", ""},    {3, INTEGER, RW, 10, "", "BlockSize", ""},
    {4, INTEGER, RW, 10, "", "Dscp", ""},         {5, EXEC, 0, 10, "", "Run", ""},
    {6, INTEGER, RW, 10, "", "State", ""},        {7, INTEGER, RW, 10, "", "SuccessCount", ""},
    {8, INTEGER, RW, 10, "", "ErrorCount", ""},   {9, INTEGER, RW, 10, "", "AvgTimeMs", ""},
    {10, INTEGER, RW, 10, "", "MinTimeMs", ""},   {11, INTEGER, RW, 10, "", "MaxTimeMs", ""},
    {12, INTEGER, RW, 10, "", "TimeStdevUs", ""},
};

static const struct signet_resource geo_points[] = {
    {0, FLOAT, RW | MANDATORY, 10, "", "Latitude", ""},
    {1, FLOAT, RW | MANDATORY, 10, "", "Longitude", ""},
    {2, FLOAT, RW | MANDATORY, 10, "", "Radius", ""},
    {3, STRING, RW, 10, "", "Description", ""},
    {4, BOOLEAN, RW, 10, "", "Inside", ""},
};

static const struct signet_resource download_diagnostics[] = {
    {0, INTEGER, RW, 10, "", "State", ""},     {1, STRING, RW, 10, "", "Url", ""},
    {2, INTEGER, RW, 10, "", "RomTimeUs", ""}, {3, INTEGER, RW, 10, "", "BomTimeUs", ""},
    {4, INTEGER, RW, 10, "", "EomTimeUs", ""}, {5, INTEGER, RW, 10, "", "TotalBytes", ""},
    {6, EXEC, 0, 10, "", "Run", ""},
};

static const struct signet_resource advanced_firmware_update[] = {
    {0, OPAQUE, RW, 10, "", "Package", ""},
    {1, STRING, RW, 10, "", "PackageURI", ""},
    {2, EXEC, 0, 10, "", "Update", ""},
    {3, INTEGER, RW, 10, "", "State", ""},
    {5, INTEGER, RW, 10, "", "UpdateResult", ""},
    {6, STRING, RW, 10, "", "PackageName", ""},
    {7, STRING, RW, 10, "", "PackageVersion", ""},
    {8, INTEGER, RW | MULTIPLE, 10, "", "FirmwareUpdateProtocolSupport", ""},
    {9, INTEGER, RW, 10, "", "FirmwareUpdateDeliveryMethod", ""},
    {10, EXEC, 0, 10, "", "Cancel", ""},
    {11, INTEGER, RW, 10, "0..2", "Severity", ""},
    {12, TIME, RW, 10, "", "LastStateChangeTime", ""},
    {13, UNSIGNED, RW, 10, "", "MaxDeferPeriod", ""},
    {14, STRING, RW, 10, "", "PartitionName", ""},
    {15, STRING, RW, 10, "", "CurrentVersion", ""},
    {16, OBJLNK, RW | MULTIPLE, 10, "", "LinkedInstances", ""},
    {17, OBJLNK, RW | MULTIPLE, 10, "", "ConflictingInstances", ""},
};

const struct signet_object core_demo[] = {
    OBJECT(3303, "Temperature", "", "1.1", 10, MULTIPLE, temperature),
    OBJECT(3313, "Accelerometer", "", "1.1", 10, MULTIPLE, accelerometer),
    OBJECT(3347, "PushButton", "", "1.1", 10, MULTIPLE, push_button),
    OBJECT(33605, "Test", "", "1.0", 10, MULTIPLE, test),
    OBJECT(33606, "ExtDevInfo", "", "1.0", 10, 0, ext_dev_info),
    OBJECT(33607, "IpPing", "", "1.0", 10, MULTIPLE, ip_ping),
    OBJECT(33608, "GeoPoints", "", "1.0", 10, MULTIPLE, geo_points),
    OBJECT(33609, "DownloadDiagnostics", "", "1.0", 10, 0, download_diagnostics),
    OBJECT(33629, "AdvancedFirmwareUpdate", "", "1.0", 10, MULTIPLE, advanced_firmware_update),
    {0},
};
