"""Names as real people have them, in many scripts, each with how somebody may type it into a search box."""

from unicodedata import normalize

_TYPED = {
    # Latin
    "José Núñez": ["jose nunez", "JOSÉ"],
    "Zoë Brontë": ["zoe", "BRONTE"],
    "François Lefèvre": ["francois lefevre", "FRANÇOIS"],
    "Anaïs Cœur": ["anais", "CŒUR"],
    "Jürgen Müller": ["jurgen", "MÜLLER", "muller"],
    "Ulrike Weiß": ["weiss", "WEISS", "weiß"],
    "Änne Größe": ["anne grosse", "GRÖSSE"],
    "Björk Guðmundsdóttir": ["bjork", "guðmundsdottir", "GUÐMUNDSDÓTTIR", "gudmundsdottir"],
    "Søren Kierkegård": ["soren kierkegard", "SØREN"],
    "Åsa Öberg": ["asa oberg", "ÅSA"],
    "Łukasz Żółkiewski": ["lukasz zolkiewski", "ŁUKASZ", "zołkiewski"],
    "Grażyna Wróbel": ["grazyna wrobel", "GRAŻYNA"],
    "Antonín Dvořák": ["dvorak", "DVOŘÁK"],
    "Šárka Ďurišová": ["sarka durisova", "ŠÁRKA"],
    "Győző Kovács": ["gyozo kovacs", "GYŐZŐ"],
    "Ștefan Țăranu": ["stefan taranu", "ȘTEFAN"],
    "Ģirts Ķezbers": ["girts kezbers", "ĢIRTS"],
    "Žemyna Čiurlionytė": ["zemyna ciurlionyte", "ŽEMYNA"],
    "João Gonçalves": ["joao goncalves", "JOÃO"],
    "Iñaki Etxebarría": ["inaki etxebarria", "IÑAKI"],
    "Siobhán Ní Mháille": ["siobhan ni mhaille", "SIOBHÁN"],
    "Kwabena Ọlámidé": ["olamide", "ỌLÁMIDÉ"],
    # Turkish
    "İbrahim Çağlar": ["ibrahim caglar", "İBRAHİM", "ÇAĞLAR"],
    "Şule Yücel": ["sule yucel", "ŞULE"],
    "Gülşen Öztürk": ["gulsen ozturk", "GÜLŞEN"],
    "Işıl Yıldız": ["isil yildiz", "IŞIL YILDIZ", "ışıl"],  # noqa: RUF001
    # Vietnamese
    "Nguyễn Thị Hồng": ["nguyen thi hong", "NGUYỄN"],
    "Trần Đức Lượng": ["tran duc luong", "đưc luong", "ĐỨC"],
    "Phạm Quỳnh Như": ["pham quynh nhu", "QUỲNH"],
    # Greek
    "Σίσυφος Παπαδόπουλος": ["σισυφος", "ΣΊΣΥΦΟΣ", "παπαδοπουλοσ", "ΠΑΠΑΔΟΠΟΥΛΟΣ"],
    "Γιώργος Καραγιάννης": ["γιωργος καραγιαννης", "ΓΙΏΡΓΟΣ"],
    "Ελένη Μαΐου": ["ελενη μαιου", "ΕΛΕΝΗ"],
    # Cyrillic
    "Пётр Ёлкин": ["петр елкин", "ЁЛКИН"],
    "Сергей Зайцев": ["сергеи заицев", "СЕРГЕЙ"],
    "Олексій Їжакевич": ["олексій іжакевич", "ЇЖАКЕВИЧ"],
    "Ђорђе Ћирић": ["ђорђе", "ЋИРИЋ"],
    "Қайрат Әлиев": ["қаират", "ӘЛИЕВ"],
    # Armenian and Georgian
    "Հայկ Սարգսյան": ["հայկ", "ՍԱՐԳՍՅԱՆ"],
    "ნინო ბერიძე": ["ნინო", "ᲑᲔᲠᲘᲫᲔ"],
    # Arabic, Persian and Urdu
    "مُحَمَّد": ["محمد", "مُحمد"],
    "أحمد الفاسي": ["احمد", "أحمد"],
    "آرش کمانگیر": ["ارش", "کمانگیر"],
    "فاطمة الزهراء": ["فاطمة", "الزهرا"],
    "شُعَیب اختر": ["شعیب", "اختر"],
    # Hebrew
    "שָׁלוֹם כֹּהֵן": ["שלום כהן", "כֹּהן"],
    "יִצְחָק": ["יצחק"],
    # India and its neighbours
    "ज़ाकिर हुसैन": ["जाकिर", "ज़ाकिर"],
    "प्रिया शर्मा": ["प्रिया", "शर्मा"],
    "রহিমা খাতুন": ["রহিমা", "খাতুন"],
    "ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ": ["ਗੁਰਪ੍ਰੀਤ"],
    "నాగేశ్వర రావు": ["నాగేశ్వర"],
    "නිමල් පෙරේරා": ["නිමල්", "පෙරේරා"],
    "මාලිනී ද සිල්වා": ["මාලිනී", "සිල්වා"],
    "முருகன் செல்வம்": ["முருகன்", "செல்வம்"],
    "யாழினி": ["யாழினி"],
    # South East Asia
    "สมชาย ใจดี": ["สมชาย", "ใจดี"],
    "น้ำฝน แก้วใส": ["นำฝน", "น้ำฝน", "แกวใส"],
    "ສົມສັກ ວົງສາ": ["ສົມສັກ"],
    "សុខា ចាន់": ["សុខា"],
    "မောင်မောင်": ["မောင်"],
    # East Asia
    "ﾔﾏﾀﾞ ﾀﾛｳ": ["ヤマダ タロウ", "ﾔﾏﾀﾞ"],
    "ガンダム商店": ["ｶﾞﾝﾀﾞﾑ", "ガンダム"],
    "ＡＢＣ商店": ["abc商店", "ＡＢＣ"],  # noqa: RUF001
    "山田太郎": ["山田", "太郎"],
    "王小明": ["王小明", "小明"],
    "陳大文": ["陳大文"],
    "김민준": ["김민준", "민준"],
    "박서연": ["박서연"],
    # Ethiopia
    "አበበ ቢቂላ": ["አበበ", "ቢቂላ"],
}

# Each name with at least four spellings: as it is, its letters composed and taken apart, and as somebody types it.
NAMES: dict[str, list[str]] = {
    name: list(dict.fromkeys([name, normalize("NFD", name), normalize("NFC", name).upper(), *typed]))
    for name, typed in _TYPED.items()
}
