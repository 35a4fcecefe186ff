namespace CostAttribution.ClickHouse.Schema;

/// <summary>The database's schema and this program do not fit; the message says which of them to change.</summary>
public sealed class SchemaException(string message) : Exception(message);
