using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace CostAttribution.Server.Hosting;

/// <summary>Turns what Kestrel says about a port that is taken into a line an operator can use.</summary>
internal static class Listening
{
    public static bool IsPortFault(Exception fault) =>
        fault is IOException { InnerException: AddressInUseException } or AddressInUseException
        || fault is System.Net.Sockets.SocketException or IOException { InnerException: System.Net.Sockets.SocketException };

    /// <summary>The one line for <paramref name="fault"/> and the settings that may mend it.</summary>
    public static string Describe(Exception fault, params (string Setting, int Port)[] ports)
    {
        var named = ports.FirstOrDefault(
            port => port.Port != 0 && fault.Message.Contains($":{port.Port}", StringComparison.Ordinal));
        return named.Setting is null
            ? $"a port cannot be opened: {fault.Message.TrimEnd('.')}; check that Bind is an address of this machine"
            : $"port {named.Port} is taken by another program or not allowed; "
                + $"stop that program or set another {named.Setting} ({fault.Message.TrimEnd('.')})";
    }

    /// <summary>Limits that hold for every port.</summary>
    public static void Harden(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestHeadersTotalSize = 64 * 1024;
    }
}
