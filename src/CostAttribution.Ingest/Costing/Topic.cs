using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;

namespace CostAttribution.Ingest.Costing;

/// <summary>What is known of one topic: who said what and who asked. There is about one per trace, and most hold one word:
/// plain arrays, made when needed.</summary>
/// <param name="rule">What the answer is made of.</param>
internal sealed class Topic(TopicRule rule)
{
    public const int AskersMax = 256;
    public const int SourcesMax = 128;

    /// <summary>
    /// Traces that can report one call: its application, gateways and brokers on the way, the provider. An id that more of them
    /// name is handed out again and again, and names none.
    /// </summary>
    public const int ReportersMax = 8;

    /// <summary>
    /// Newest totals of one agent that are kept. A report that comes later than so many newer ones is billed nothing: what it
    /// adds is in what the next of them added.
    /// </summary>
    public const int TotalsMax = 256;

    private const string TooMany = "many";

    /// <param name="Source">Who says it; none for the sources past the limit together.</param>
    /// <param name="Dimension">About what.</param>
    /// <param name="Word">Null was taken back; an empty one says that the source itself knows several.</param>
    /// <param name="Before">Until the store has answered: what the askers may have heard from this source.</param>
    private readonly record struct Told(TraceId Source, string Dimension, string? Word, string? Before);

    private readonly bool ofOneSpan = rule == TopicRule.OneSpan;
    private readonly bool eachWord = rule == TopicRule.EachWord;
    private readonly bool inOrder = rule == TopicRule.Predecessor;
    private readonly int sourcesMax = rule switch
    {
        TopicRule.EachWord => ReportersMax,
        TopicRule.Predecessor => TotalsMax,
        _ => SourcesMax,
    };
    private Told[] told = [];
    private int toldCount;
    private HashSet<TraceId>? askers;
    private bool isTrimmed;
    private bool namesAll;
    private bool hasUnknownAskers;

    /// <summary>The store is still to be asked what earlier processes knew of it.</summary>
    public bool IsPending { get; set; }

    /// <summary>The store was or is being asked.</summary>
    public bool StoreAsked { get; set; }

    public bool HasWords => toldCount > 0;

    public bool Knows(TraceId source, string dimension) => IndexOf(source, dimension) >= 0;

    public void AddAsker(TraceId asker)
    {
        askers ??= [];
        if (askers.Count < AskersMax) askers.Add(asker);
    }

    public bool IsToldTo(TraceId asker)
    {
        for (var i = 0; i < toldCount; i++)
        {
            if (ofOneSpan || told[i].Source != asker) return true;
        }
        return false;
    }

    /// <summary>What everybody else agrees on, by dimension.</summary>
    public OutsideValue[] AnswerTo(TraceId asker)
    {
        var answer = new List<OutsideValue>();
        foreach (var dimension in Dimensions())
        {
            if (Agreed(dimension, asker, before: false) is { } word) answer.Add(new OutsideValue(dimension, word));
        }
        answer.Sort(static (left, right) => string.CompareOrdinal(left.Dimension, right.Dimension));
        return [.. answer];
    }

    /// <summary>
    /// A later word of the same trace replaces its earlier one; null takes it back. <paramref name="before"/> is its earlier word
    /// as the askers may have heard it, for when nobody here knows of it.
    /// </summary>
    public void Tell(TraceId source, string dimension, string? word, string? before, ICollection<TraceId> concerned)
    {
        if (eachWord) dimension = source.ToString();
        var at = IndexOf(source, dimension);
        if (at < 0)
        {
            if (word is null && before is null) return;
            if (inOrder && toldCount >= sourcesMax)
            {
                if (word is null || !MakesRoomFor(source, word)) return;
            }
            else if (eachWord && toldCount >= sourcesMax)
            {
                if (word is null) return;
                (source, dimension, word, before) = (default, TooMany, TooMany, null);
                at = IndexOf(source, dimension);
            }
            else if (toldCount >= sourcesMax)
            {
                if (Agreed(dimension, default, before: false) == word) return;
                at = IndexOf(source = default, dimension);
            }
        }
        if (at >= 0 && told[at].Word == word) return;
        if (IsPending || (askers is null && !inOrder))
        {
            Put(at, source, dimension, word, at >= 0 ? told[at].Before : before);
            return;
        }
        if (at < 0 && before is not null) at = Put(at, source, dimension, before, before);
        if (inOrder)
        {
            var followed = SeriesOrder.Of(Words(before: false));
            Put(at, source, dimension, word, word);
            NameFollowers(followed, source, concerned);
            return;
        }
        Replace(askers!, at, new Told(source, dimension, word, word), concerned);
    }

    // Apart: what the closure holds would be allocated for every word, and nearly none is asked for.
    private void Replace(HashSet<TraceId> askers, int at, Told now, ICollection<TraceId> concerned)
    {
        var heard = askers.Select(asker => Agreed(now.Dimension, asker, before: false)).ToArray();
        Put(at, now.Source, now.Dimension, now.Word, now.Before);
        var i = 0;
        foreach (var asker in askers)
        {
            var hears = Agreed(now.Dimension, asker, before: false);
            if (hears != heard[i++] && (ofOneSpan || asker != now.Source)) concerned.Add(asker);
        }
    }

    /// <summary>
    /// Notes a word, or with null that the trace says nothing, and names nobody: for what the askers have heard is not known, and
    /// all of them are named (<see cref="NameAll"/>).
    /// </summary>
    public void Note(TraceId source, string dimension, string? word)
    {
        var at = IndexOf(source, eachWord ? source.ToString() : dimension);
        if (at >= 0 || toldCount < sourcesMax) Put(at, source, eachWord ? source.ToString() : dimension, word, word);
        else if (word is not null) Tell(source, dimension, word, null, new List<TraceId>());
    }

    /// <summary>Askers of an earlier process are among these: nobody here knows what they have heard. True only once.</summary>
    public bool TakeUnknownAskers()
    {
        var unknown = hasUnknownAskers;
        hasUnknownAskers = false;
        return unknown;
    }

    /// <summary>A trace asked in an earlier process.</summary>
    public void AddUnknownAsker(TraceId asker)
    {
        AddAsker(asker);
        hasUnknownAskers = true;
    }

    /// <summary>Names every asker, now or when the store has answered: what they have heard is not known.</summary>
    public void NameAll(ICollection<TraceId> concerned)
    {
        if (IsPending) namesAll = true;
        else AddAskers(concerned);
    }

    /// <summary>Forgets what a trace said, as if its askers had never heard of it.</summary>
    public void Unsay(TraceId source)
    {
        for (var i = toldCount - 1; i >= 0; i--)
        {
            if (told[i].Source == source) told[i] = told[--toldCount];
        }
    }

    /// <summary>
    /// The store's answer: a word told by an earlier process, unless its trace has spoken since. Ends with
    /// <see cref="Complete"/>.
    /// </summary>
    public void AddStored(TraceId source, OutsideValue word)
    {
        if (eachWord) word = word with { Dimension = source.ToString() };
        if (IndexOf(source, word.Dimension) >= 0) return;
        if (inOrder && toldCount >= sourcesMax && !MakesRoomFor(source, word.Value)) return;
        if (eachWord && toldCount >= sourcesMax) Put(IndexOf(default, TooMany), default, TooMany, TooMany, TooMany);
        else if (toldCount < sourcesMax) Put(-1, source, word.Dimension, word.Value, word.Value);
        else if (Agreed(word.Dimension, default, before: false) != word.Value)
            Put(IndexOf(default, word.Dimension), default, word.Dimension, word.Value, word.Value);
    }

    /// <summary>All of the store's answer is in: names the askers to whom the words told meanwhile make a difference.</summary>
    public void Complete(ICollection<TraceId> concerned)
    {
        IsPending = false;
        if (askers is null && !inOrder) return;
        if (namesAll) AddAskers(concerned);
        namesAll = false;
        if (inOrder) NameFollowers(SeriesOrder.Of(Words(before: true)), default, concerned);
        foreach (var dimension in Dimensions())
        {
            foreach (var asker in askers ?? [])
            {
                if (Agreed(dimension, asker, before: true) != Agreed(dimension, asker, before: false)) concerned.Add(asker);
            }
        }
        for (var i = 0; i < toldCount; i++) told[i] = told[i] with { Before = told[i].Word };
    }

    private void AddAskers(ICollection<TraceId> concerned)
    {
        foreach (var asker in askers ?? []) concerned.Add(asker);
        if (!inOrder) return;
        foreach (var (source, word) in Words(before: false))
        {
            if (SeriesOrder.Asks(word)) concerned.Add(source);
        }
    }

    /// <summary>
    /// Of a series of agent totals, the word that the asker's continues, an empty one where it starts at nothing. What came
    /// before the totals that are kept is what was <paramref name="heard"/> of it, nothing for a trace that is new.
    /// </summary>
    public OutsideValue[] Before(TraceId asker, string own, OutsideValue[] heard)
    {
        var words = Words(before: false).Where(word => word.Source != asker).ToList();
        var isFull = isTrimmed || words.Count >= sourcesMax;
        // The oldest that is kept was billed for all before it.
        if (isFull && words.TrueForAll(word => SeriesOrder.Compare((asker, own), word) < 0))
            return heard.Length > 0 ? heard : [new OutsideValue(asker.ToString(), own)];
        var (source, before) = SeriesOrder.Of(words.Append((asker, own))).GetValueOrDefault(asker);
        var isKept = isFull && heard is [var known] && SeriesOrder.IsNearer(known.Value, before)
            && words.TrueForAll(word => string.CompareOrdinal(heard[0].Value, word.Word) < 0);
        if (isKept) return heard;
        return string.IsNullOrEmpty(before) ? [new OutsideValue("", "")] : [new OutsideValue(source.ToString(), before)];
    }

    private IEnumerable<(TraceId Source, string Word)> Words(bool before)
    {
        for (var i = 0; i < toldCount; i++)
        {
            if ((before ? told[i].Before : told[i].Word) is { } word) yield return (told[i].Source, word);
        }
    }

    private void NameFollowers(Dictionary<TraceId, (TraceId Source, string Word)> followed, TraceId teller,
        ICollection<TraceId> concerned)
    {
        var follow = SeriesOrder.Of(Words(before: false));
        foreach (var (source, word) in Words(before: false))
        {
            if (source == teller || !SeriesOrder.Asks(word)) continue;
            if (follow.GetValueOrDefault(source) != followed.GetValueOrDefault(source)) concerned.Add(source);
        }
    }

    // Drops the least word, unless the new one is less.
    private bool MakesRoomFor(TraceId source, string word)
    {
        var least = 0;
        for (var i = 1; i < toldCount; i++)
        {
            if (SeriesOrder.Compare(At(i), At(least)) < 0) least = i;
        }
        isTrimmed |= told[least].Word is not null;
        if (SeriesOrder.Compare((source, word), At(least)) < 0) return false;
        told[least] = told[--toldCount];
        return true;

        (TraceId Source, string Word) At(int place) => (told[place].Source, told[place].Word ?? "");
    }

    private IEnumerable<string> Dimensions() =>
        told.Take(toldCount).Select(word => word.Dimension).Distinct(StringComparer.Ordinal).ToArray();

    private int Put(int at, TraceId source, string dimension, string? word, string? before)
    {
        if (at < 0)
        {
            if (toldCount == told.Length) Array.Resize(ref told, Math.Max(1, toldCount * 2));
            at = toldCount++;
        }
        told[at] = new Told(source, dimension, word, before);
        return at;
    }

    private int IndexOf(TraceId source, string dimension)
    {
        for (var i = 0; i < toldCount; i++)
        {
            if (told[i].Source == source && told[i].Dimension == dimension) return i;
        }
        return -1;
    }

    // Sources that disagree answer nothing: a guess between two customers would be a wrong bill.
    private string? Agreed(string dimension, TraceId asker, bool before)
    {
        string? agreed = null;
        for (var i = 0; i < toldCount; i++)
        {
            var word = before ? told[i].Before : told[i].Word;
            if (word is null || told[i].Dimension != dimension || (told[i].Source == asker && !ofOneSpan)) continue;
            if (word.Length == 0 || (agreed is not null && agreed != word)) return null;
            agreed = word;
        }
        return agreed;
    }
}
